CLASS ltcl_task DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS skips_what_ended_a_session FOR TESTING RAISING cx_static_check.
    METHODS tries_again_what_is_at_work FOR TESTING RAISING cx_static_check.
    METHODS counts_sessions_that_ended FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_task IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD skips_what_ended_a_session.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    " Two sessions end without a word while they work on the second object.
    store->leave_item( item  = 2
                       tries = 2 ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"warning","item":"CLAS ZCL_B","code":"SESSION_ENDED"` ).
    assert_sent( `"fileCount":2,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B","reason":"it ended the sessions that worked on it"}]` ).
  ENDMETHOD.

  METHOD tries_again_what_is_at_work.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    " The session is busy with the second object while its client comes back on another connection.
    store->leave_item( 2 ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"fileCount":3,` ).
    assert_sent( `"skipped":[]` ).
  ENDMETHOD.

  METHOD counts_sessions_that_ended.
    " It is looked after while it is checked, too.
    settings-watch_ms = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    store->leave_item( 2 ).
    system->fatal = 'ZCL_B'.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    " Before it comes there, a connection that is lost makes nothing forgotten.
    run( 1 ).
    session->handle_close( ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    cl_abap_unit_assert=>assert_true( system->has_ended_session ).
    system->has_ended_session = abap_false.
    cl_abap_unit_assert=>assert_equals(
      act = store->operations[ 1 ]-item_no
      exp = 2 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->operations[ 1 ]-item_tries
      exp = 2 ).
    DATA(serialized) = system->serialized.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B"` ).
    " ZCL_A was saved before ZCL_B was tried again, so only ZCL_C was left.
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = serialized + 1 ).
  ENDMETHOD.
ENDCLASS.
