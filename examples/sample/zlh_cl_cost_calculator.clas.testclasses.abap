CLASS ltd_tariff DEFINITION FINAL FOR TESTING.

  PUBLIC SECTION.
    INTERFACES zlh_if_tariff.

    METHODS constructor
      IMPORTING
        cost     TYPE zlh_cost
        currency TYPE waers.

  PRIVATE SECTION.
    DATA cost     TYPE zlh_cost.
    DATA currency TYPE waers.
ENDCLASS.


CLASS ltd_tariff IMPLEMENTATION.

  METHOD constructor.
    me->cost = cost.
    me->currency = currency.
  ENDMETHOD.


  METHOD zlh_if_tariff~calculate_cost.
    result = VALUE #( leg_no     = leg-leg_no
                      tariff_id  = zlh_if_tariff~get_id( )
                      base_cost  = cost
                      total_cost = cost
                      currency   = currency ).
  ENDMETHOD.


  METHOD zlh_if_tariff~get_id.
    result = 'DOUBLE'.
  ENDMETHOD.

ENDCLASS.


CLASS ltd_tariff_finder DEFINITION FINAL FOR TESTING.

  PUBLIC SECTION.
    INTERFACES zlh_if_tariff_finder.

    METHODS add
      IMPORTING
        transport_mode TYPE zlh_mode
        tariff         TYPE REF TO zlh_if_tariff.

  PRIVATE SECTION.
    TYPES:
      BEGIN OF tariff_by_mode,
        transport_mode TYPE zlh_mode,
        tariff         TYPE REF TO zlh_if_tariff,
      END OF tariff_by_mode.

    DATA tariffs TYPE HASHED TABLE OF tariff_by_mode WITH UNIQUE KEY transport_mode.
ENDCLASS.


CLASS ltd_tariff_finder IMPLEMENTATION.

  METHOD add.
    INSERT VALUE #( transport_mode = transport_mode
                    tariff         = tariff ) INTO TABLE tariffs.
  ENDMETHOD.


  METHOD zlh_if_tariff_finder~find.
    TRY.
        result = tariffs[ transport_mode = transport_mode ]-tariff.
      CATCH cx_sy_itab_line_not_found.
        RAISE EXCEPTION NEW zlh_cx_no_tariff( textid = zlh_cx_no_tariff=>no_tariff_for_mode ).
    ENDTRY.
  ENDMETHOD.

ENDCLASS.


CLASS ltc_cost_calculator DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    CONSTANTS quoted_on TYPE zlh_quoted_on VALUE '20240226'.

    DATA cut           TYPE REF TO zlh_if_cost_calculator.
    DATA tariff_finder TYPE REF TO ltd_tariff_finder.

    METHODS setup.
    METHODS adds_up_the_legs FOR TESTING RAISING zlh_cx_freight.
    METHODS mixed_currencies_are_rejected FOR TESTING RAISING zlh_cx_freight.
    METHODS missing_tariff_is_reported FOR TESTING RAISING zlh_cx_freight.
    METHODS closed_shipment_is_rejected FOR TESTING RAISING zlh_cx_freight.

    METHODS create_shipment
      IMPORTING
        status        TYPE zlh_status DEFAULT zlh_cl_shipment=>statuses-open
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.
ENDCLASS.


CLASS ltc_cost_calculator IMPLEMENTATION.

  METHOD setup.
    tariff_finder = NEW #( ).
    tariff_finder->add( transport_mode = zlh_cl_transport_mode=>road
                        tariff         = NEW ltd_tariff( cost     = CONV #( '410.20' )
                                                         currency = 'EUR' ) ).
    cut = NEW zlh_cl_cost_calculator( tariff_finder ).
  ENDMETHOD.


  METHOD adds_up_the_legs.
    tariff_finder->add( transport_mode = zlh_cl_transport_mode=>rail
                        tariff         = NEW ltd_tariff( cost     = CONV #( '289.80' )
                                                         currency = 'EUR' ) ).

    DATA(quote) = cut->calculate( shipment  = create_shipment( )
                                  quoted_on = quoted_on ).

    cl_abap_unit_assert=>assert_equals( act = quote->get_total_cost( )
                                        exp = CONV zlh_cost( 700 ) ).
    cl_abap_unit_assert=>assert_equals( act = quote->get_currency( )
                                        exp = 'EUR' ).
  ENDMETHOD.


  METHOD mixed_currencies_are_rejected.
    tariff_finder->add( transport_mode = zlh_cl_transport_mode=>rail
                        tariff         = NEW ltd_tariff( cost     = CONV #( 300 )
                                                         currency = 'CHF' ) ).

    TRY.
        cut->calculate( shipment  = create_shipment( )
                        quoted_on = quoted_on ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->value2
                                            exp = `CHF` ).
    ENDTRY.
  ENDMETHOD.


  METHOD missing_tariff_is_reported.
    TRY.
        cut->calculate( shipment  = create_shipment( )
                        quoted_on = quoted_on ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_no_tariff INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->if_t100_message~t100key
                                            exp = zlh_cx_no_tariff=>no_tariff_for_mode ).
    ENDTRY.
  ENDMETHOD.


  METHOD closed_shipment_is_rejected.
    TRY.
        cut->calculate( shipment  = create_shipment( zlh_cl_shipment=>statuses-closed )
                        quoted_on = quoted_on ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->if_t100_message~t100key
                                            exp = zlh_cx_freight=>shipment_closed ).
    ENDTRY.
  ENDMETHOD.


  METHOD create_shipment.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      ( leg_no         = '001'
        from_place     = 'DEHAM'
        to_place       = 'DEDUI'
        transport_mode = zlh_cl_transport_mode=>road
        distance       = '395.5' )
      ( leg_no         = '002'
        from_place     = 'DEDUI'
        to_place       = 'CHBSL'
        transport_mode = zlh_cl_transport_mode=>rail
        distance       = '560.0' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = '0000000007'
                                      pickup_on   = '20240301'
                                      weight      = 1250
                                      weight_unit = zlh_cl_weight=>units-kilogram
                                      status      = status ) ).
  ENDMETHOD.

ENDCLASS.
