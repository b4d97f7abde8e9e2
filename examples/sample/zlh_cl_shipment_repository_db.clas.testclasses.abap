CLASS ltc_repository DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    CONSTANTS shipment_id TYPE zlh_shipment_id VALUE '0000004711'.

    CLASS-DATA environment TYPE REF TO if_osql_test_environment.

    DATA cut TYPE REF TO zlh_if_shipment_repository.

    CLASS-METHODS class_setup.
    CLASS-METHODS class_teardown.
    METHODS setup.
    METHODS missing_shipment_is_reported FOR TESTING.
    METHODS finds_what_was_saved FOR TESTING RAISING zlh_cx_freight.
    METHODS save_replaces_the_legs FOR TESTING RAISING zlh_cx_freight.
    METHODS deleted_shipment_is_gone FOR TESTING RAISING zlh_cx_freight.

    METHODS create_shipment
      IMPORTING
        to_place      TYPE zlh_place
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.

    METHODS assert_missing.
ENDCLASS.


CLASS ltc_repository IMPLEMENTATION.

  METHOD class_setup.
    environment = cl_osql_test_environment=>create( VALUE #( ( 'ZLH_SHIPMENT' )
                                                             ( 'ZLH_SHIPM_LEG' ) ) ).
  ENDMETHOD.


  METHOD class_teardown.
    environment->destroy( ).
  ENDMETHOD.


  METHOD setup.
    environment->clear_doubles( ).
    cut = NEW zlh_cl_shipment_repository_db( ).
  ENDMETHOD.


  METHOD missing_shipment_is_reported.
    assert_missing( ).
  ENDMETHOD.


  METHOD finds_what_was_saved.
    cut->save( create_shipment( 'DEMUC' ) ).

    DATA(shipment) = cut->find_by_id( shipment_id ).

    cl_abap_unit_assert=>assert_equals( act = shipment->get_header( )-goods_text
                                        exp = 'Kühlgeräte' ).
    cl_abap_unit_assert=>assert_equals( act = shipment->get_route( )->to_text( )
                                        exp = `DEBER > DENUE > DEMUC` ).
  ENDMETHOD.


  METHOD save_replaces_the_legs.
    cut->save( create_shipment( 'DEMUC' ) ).
    cut->save( create_shipment( 'ATVIE' ) ).

    DATA(shipment) = cut->find_by_id( shipment_id ).

    cl_abap_unit_assert=>assert_equals( act = shipment->get_route( )->get_destination( )
                                        exp = 'ATVIE' ).
    cl_abap_unit_assert=>assert_equals( act = lines( shipment->get_route( )->get_legs( ) )
                                        exp = 2 ).
  ENDMETHOD.


  METHOD deleted_shipment_is_gone.
    cut->save( create_shipment( 'DEMUC' ) ).

    cut->delete( shipment_id ).

    assert_missing( ).
  ENDMETHOD.


  METHOD create_shipment.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      transport_mode = zlh_cl_transport_mode=>road
      ( leg_no = '001' from_place = 'DEBER' to_place = 'DENUE'  distance = '440.0' )
      ( leg_no = '002' from_place = 'DENUE' to_place = to_place distance = '170.0' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = shipment_id
                                      goods_text  = 'Kühlgeräte'
                                      weight      = 800
                                      weight_unit = zlh_cl_weight=>units-kilogram
                                      status      = zlh_cl_shipment=>statuses-open ) ).
  ENDMETHOD.


  METHOD assert_missing.
    TRY.
        cut->find_by_id( shipment_id ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->if_t100_message~t100key
                                            exp = zlh_cx_freight=>shipment_not_found ).
    ENDTRY.
  ENDMETHOD.

ENDCLASS.
