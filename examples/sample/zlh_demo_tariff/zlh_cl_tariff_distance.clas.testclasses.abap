CLASS ltc_tariff_distance DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    DATA cut TYPE REF TO zlh_if_tariff.

    METHODS setup.
    METHODS multiplies_rate_and_distance FOR TESTING RAISING zlh_cx_freight.
    METHODS short_leg_has_the_minimum_cost FOR TESTING RAISING zlh_cx_freight.
    METHODS surcharge_is_rounded FOR TESTING RAISING zlh_cx_freight.
    METHODS item_names_leg_and_tariff FOR TESTING RAISING zlh_cx_freight.

    METHODS calculate_cost
      IMPORTING
        distance      TYPE zlh_distance
      RETURNING
        VALUE(result) TYPE zlh_cost_item
      RAISING
        zlh_cx_freight.
ENDCLASS.


CLASS ltc_tariff_distance IMPLEMENTATION.

  METHOD setup.
    cut = NEW zlh_cl_tariff_distance( VALUE #( tariff_id     = 'RAIL24'
                                               rate          = '0.75'
                                               min_cost      = '100.00'
                                               surcharge_pct = '7.50'
                                               currency      = 'EUR' ) ).
  ENDMETHOD.


  METHOD multiplies_rate_and_distance.
    cl_abap_unit_assert=>assert_equals( act = calculate_cost( CONV #( 400 ) )-base_cost
                                        exp = CONV zlh_cost( 300 ) ).
  ENDMETHOD.


  METHOD short_leg_has_the_minimum_cost.
    DATA(item) = calculate_cost( CONV #( 20 ) ).

    cl_abap_unit_assert=>assert_equals( act = item-base_cost
                                        exp = CONV zlh_cost( 100 ) ).
    cl_abap_unit_assert=>assert_equals( act = item-total_cost
                                        exp = CONV zlh_cost( '107.50' ) ).
  ENDMETHOD.


  METHOD surcharge_is_rounded.
    " 7.5 % of 150.23 are 11.26725
    DATA(item) = calculate_cost( CONV #( '200.3' ) ).

    cl_abap_unit_assert=>assert_equals( act = item-surcharge
                                        exp = CONV zlh_cost( '11.27' ) ).
  ENDMETHOD.


  METHOD item_names_leg_and_tariff.
    DATA(item) = calculate_cost( CONV #( 400 ) ).

    cl_abap_unit_assert=>assert_equals( act = item-leg_no
                                        exp = '001' ).
    cl_abap_unit_assert=>assert_equals( act = item-tariff_id
                                        exp = cut->get_id( ) ).
  ENDMETHOD.


  METHOD calculate_cost.
    result = cut->calculate_cost( weight = zlh_cl_weight=>create( CONV #( 500 ) )
                                  leg    = VALUE #( leg_no   = '001'
                                                    distance = distance ) ).
  ENDMETHOD.

ENDCLASS.
