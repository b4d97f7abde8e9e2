CLASS ltc_route DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    DATA legs TYPE zlh_leg_tt.

    METHODS setup.
    METHODS knows_origin_and_destination FOR TESTING RAISING zlh_cx_freight.
    METHODS sums_up_distances FOR TESTING RAISING zlh_cx_freight.
    METHODS sums_up_distance_of_one_mode FOR TESTING RAISING zlh_cx_freight.
    METHODS text_lists_all_places FOR TESTING RAISING zlh_cx_freight.
    METHODS empty_route_is_rejected FOR TESTING.
    METHODS gap_is_rejected FOR TESTING.
    METHODS leg_without_distance_rejected FOR TESTING.

    METHODS assert_rejected
      IMPORTING
        exp LIKE if_t100_message=>t100key.
ENDCLASS.


CLASS ltc_route IMPLEMENTATION.

  METHOD setup.
    legs = VALUE #(
      transport_mode = zlh_cl_transport_mode=>road
      ( leg_no = '001' from_place = 'DEHAM' to_place = 'DEDUI' distance = '395.5' )
      ( leg_no = '003' from_place = 'CHBSL' to_place = 'CHZRH' distance = '87.0' )
      transport_mode = zlh_cl_transport_mode=>rail
      ( leg_no = '002' from_place = 'DEDUI' to_place = 'CHBSL' distance = '560.0' ) ).
  ENDMETHOD.


  METHOD knows_origin_and_destination.
    DATA(route) = zlh_cl_route=>create( legs ).

    cl_abap_unit_assert=>assert_equals( act = route->get_origin( )
                                        exp = 'DEHAM' ).
    cl_abap_unit_assert=>assert_equals( act = route->get_destination( )
                                        exp = 'CHZRH' ).
  ENDMETHOD.


  METHOD sums_up_distances.
    cl_abap_unit_assert=>assert_equals(
      act = zlh_cl_route=>create( legs )->get_total_distance( )
      exp = CONV zlh_distance( '1042.5' ) ).
  ENDMETHOD.


  METHOD sums_up_distance_of_one_mode.
    DATA(route) = zlh_cl_route=>create( legs ).

    cl_abap_unit_assert=>assert_equals(
      act = route->get_distance_by_mode( zlh_cl_transport_mode=>road )
      exp = CONV zlh_distance( '482.5' ) ).
    cl_abap_unit_assert=>assert_equals(
      act = route->get_distance_by_mode( zlh_cl_transport_mode=>air )
      exp = CONV zlh_distance( 0 ) ).
  ENDMETHOD.


  METHOD text_lists_all_places.
    cl_abap_unit_assert=>assert_equals( act = zlh_cl_route=>create( legs )->to_text( )
                                        exp = `DEHAM > DEDUI > CHBSL > CHZRH` ).
  ENDMETHOD.


  METHOD empty_route_is_rejected.
    CLEAR legs.

    assert_rejected( zlh_cx_freight=>route_without_legs ).
  ENDMETHOD.


  METHOD gap_is_rejected.
    DELETE legs WHERE leg_no = '002'.

    assert_rejected( zlh_cx_freight=>route_not_connected ).
  ENDMETHOD.


  METHOD leg_without_distance_rejected.
    CLEAR legs[ leg_no = '003' ]-distance.

    assert_rejected( zlh_cx_freight=>distance_not_positive ).
  ENDMETHOD.


  METHOD assert_rejected.
    TRY.
        zlh_cl_route=>create( legs ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->if_t100_message~t100key
                                            exp = exp ).
    ENDTRY.
  ENDMETHOD.

ENDCLASS.
