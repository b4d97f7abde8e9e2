CLASS ltcl_session DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS greets FOR TESTING RAISING cx_static_check.
    METHODS answers_what_is_light FOR TESTING RAISING cx_static_check.
    METHODS id_in_use_is_refused FOR TESTING RAISING cx_static_check.
    METHODS streams_take_turns FOR TESTING RAISING cx_static_check.
    METHODS cancels_between_slices FOR TESTING RAISING cx_static_check.
    METHODS cancel_frees_what_has_ended FOR TESTING RAISING cx_static_check.
    METHODS cancels_without_database FOR TESTING RAISING cx_static_check.
    METHODS survives_its_database FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_session IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD greets.
    connect( ).
    assert_sent( `{"id":"welcome","success":true,"data":{"session":"` ).
    assert_sent( `"domains":["git","atc","system"],"features":["stream","checksum","cancel","credit","resume"`
      && `,"binary"]` ).
    assert_sent( `"limits":{"maxChunk":1048576,"maxWindow":64,"maxTransfers":4,"minPingInterval":10000}}}` ).
  ENDMETHOD.

  METHOD answers_what_is_light.
    hear( `{"id":"p","domain":"system","action":"ping"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"p","success":true,"data":{"pong":true,"timestamp":"20261120T120000"}}` ).
    hear( `{"id":"t","domain":"git","action":"getTypes"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"t","success":true,"data":{"count":2,"types":["CLAS","PROG"]}}` ).
    hear( `{"id":"l","domain":"git","action":"list","params":{"packages":["$DEMO"]}}` ).
    assert_sent( `"count":3,"objects":[{"type":"CLAS","name":"ZCL_A","package":"$DEMO"}` ).
    settings-max_listed = 2.
    zcl_longhaul_config=>change( settings ).
    hear( `{"id":"m","domain":"git","action":"list","params":{"packages":["$DEMO"]}}` ).
    assert_sent( `{"id":"m","success":false,"error":{"code":"GIT_ERROR"` ).
    hear( `nonsense` ).
    assert_sent( `{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR"` ).
    session->handle_unreadable( ).
    assert_sent( `request is no text` ).
    " Nothing is under way, so nothing wakes it.
    cl_abap_unit_assert=>assert_equals(
      act = connection->wakes_after
      exp = zcl_longhaul_double_connection=>never ).
  ENDMETHOD.

  METHOD id_in_use_is_refused.
    hear( export( `a` ) ).
    hear( export( `a` ) ).
    assert_sent( `{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"id is in use"}}` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD streams_take_turns.
    hear( export( `a` ) ).
    hear( export( `b` ) ).
    run( 2 ).
    assert_sent( `{"id":"a","type":"progress"` ).
    assert_sent( `{"id":"b","type":"progress"` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
    assert_sent( `{"id":"b","type":"complete"` ).
  ENDMETHOD.

  METHOD cancels_between_slices.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( 3 ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"CANCELLED"`
      && `,"message":"cancelled by the client"}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"c","success":true}` ).
    cl_abap_unit_assert=>assert_true( xsdbool( system->serialized < 3 ) ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
    connection->forget( ).
    run( ).
    cl_abap_unit_assert=>assert_initial( connection->texts ).
    " Again, and of nobody, is a success.
    hear( `{"id":"d","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"d","success":true}` ).
  ENDMETHOD.

  METHOD cancel_frees_what_has_ended.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD cancels_without_database.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    store->is_broken = abap_true.
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"CANCELLED"` ).
  ENDMETHOD.

  METHOD survives_its_database.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    store->is_broken = abap_true.
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SERVICE_EXCEPTION"` ).
    hear( `{"id":"p","domain":"system","action":"ping"}` ).
    assert_sent( `{"id":"p","success":true` ).
  ENDMETHOD.
ENDCLASS.
