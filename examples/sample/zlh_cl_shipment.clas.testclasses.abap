CLASS ltc_shipment DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    METHODS open_shipment_can_be_quoted FOR TESTING RAISING zlh_cx_freight.
    METHODS closed_shipment_stays_closed FOR TESTING RAISING zlh_cx_freight.
    METHODS external_id_has_no_zeros FOR TESTING RAISING zlh_cx_freight.

    METHODS create_shipment
      IMPORTING
        status        TYPE zlh_status
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.
ENDCLASS.


CLASS ltc_shipment IMPLEMENTATION.

  METHOD open_shipment_can_be_quoted.
    DATA(cut) = create_shipment( zlh_cl_shipment=>statuses-open ).

    cut->mark_as_quoted( ).

    cl_abap_unit_assert=>assert_equals( act = cut->get_header( )-status
                                        exp = zlh_cl_shipment=>statuses-quoted ).
  ENDMETHOD.


  METHOD closed_shipment_stays_closed.
    DATA(cut) = create_shipment( zlh_cl_shipment=>statuses-closed ).

    TRY.
        cut->mark_as_quoted( ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight.
        cl_abap_unit_assert=>assert_true( cut->is_closed( ) ).
    ENDTRY.
  ENDMETHOD.


  METHOD external_id_has_no_zeros.
    DATA(cut) = create_shipment( zlh_cl_shipment=>statuses-open ).

    cl_abap_unit_assert=>assert_equals( act = cut->get_external_id( )
                                        exp = `42` ).
  ENDMETHOD.


  METHOD create_shipment.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      ( leg_no         = '001'
        from_place     = 'DEHAM'
        to_place       = 'DECGN'
        transport_mode = zlh_cl_transport_mode=>road
        distance       = '425.0' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = '0000000042'
                                      weight      = '3.5'
                                      weight_unit = zlh_cl_weight=>units-tonne
                                      status      = status ) ).
  ENDMETHOD.

ENDCLASS.
