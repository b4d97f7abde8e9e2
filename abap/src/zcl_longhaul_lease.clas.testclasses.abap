CLASS ltcl_lease DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_double_visitor.

  PRIVATE SECTION.
    "! What the one that came by was sent
    DATA second TYPE REF TO zcl_longhaul_double_connection.

    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS one_of_two_begins FOR TESTING RAISING cx_static_check.
    METHODS latest_resume_wins FOR TESTING RAISING cx_static_check.
    METHODS notices_while_it_sends FOR TESTING RAISING cx_static_check.
    METHODS says_when_it_is_gone FOR TESTING RAISING cx_static_check.
    METHODS cancels_only_what_it_has FOR TESTING RAISING cx_static_check.
    METHODS takes_over_a_busy_session FOR TESTING RAISING cx_static_check.
    METHODS failure_after_takeover FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_lease IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD one_of_two_begins.
    store->is_late = abap_true.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"BUSY"` ).
    assert_sent( `"retryAfterMs":2000}}` ).
  ENDMETHOD.

  METHOD latest_resume_wins.
    hear( export( more = |,"features":["credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(first) = connection.
    DATA(first_session) = session.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    cl_abap_unit_assert=>assert_true( first->has_sent( `{"id":"a","type":"error","success":false`
      && `,"error":{"code":"SUPERSEDED"` ) ).
  ENDMETHOD.

  METHOD notices_while_it_sends.
    settings-watch_ms = 1.
    settings-max_held_chunks = 100.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE connection->has_sent( `"done":3` ) = abap_false.
      run( 1 ).
    ENDWHILE.
    DATA(first) = connection.
    DATA(first_session) = session.
    " It has chunks to send, and nothing that holds it up.
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( 2 ).
    DO 20 TIMES.
      first_session->handle_timer( ).
    ENDDO.
    cl_abap_unit_assert=>assert_true( first->has_sent( `{"id":"a","type":"error","success":false`
      && `,"error":{"code":"SUPERSEDED"` ) ).
    cl_abap_unit_assert=>assert_false( first->has_sent( `"type":"complete"` ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
  ENDMETHOD.

  METHOD says_when_it_is_gone.
    hear( export( more = |,"features":["credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(resume) = resume( next   = 1
                           offset = 0
                           sha256 = digest_of_nothing ).
    DATA(first) = connection.
    DATA(first_session) = session.
    DATA(opid) = store->operations[ 1 ]-opid.
    DATA(holder) = store->operations[ 1 ]-session_id.
    " Somebody comes back to it while it is freed.
    connect( ).
    hear( resume ).
    store->zif_longhaul_store~free( opid    = opid
                                    session = holder ).
    run( ).
    assert_sent( `{"id":"s","type":"error","success":false,"error":{"code":"RESUME_UNKNOWN"` ).
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    cl_abap_unit_assert=>assert_true( first->has_sent(
      `{"id":"a","type":"error","success":false,"error":{"code":"RESUME_UNKNOWN"` ) ).
  ENDMETHOD.

  METHOD cancels_only_what_it_has.
    hear( export( more = |,"features":["cancel","credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(first_session) = session.
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
    DATA(cancel) = `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}`.
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    first_session->handle_text( cancel ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
  ENDMETHOD.

  METHOD takes_over_a_busy_session.
    system->visitor = me.
    system->visited = 'ZCL_B'.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SUPERSEDED"` ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"complete"` ) ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"data":{"objectCount":3,"fileCount":3,` ) ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"skipped":[]` ) ).
  ENDMETHOD.

  METHOD failure_after_takeover.
    " The first fails at the second object, when the operation is not its own any more.
    settings-max_payload = 700.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    settings-max_payload = 1000000.
    system->visitor = me.
    system->visited = 'ZCL_B'.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SUPERSEDED"` ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"data":{"objectCount":3,"fileCount":3,` ) ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
  ENDMETHOD.

  METHOD zif_longhaul_double_visitor~come.
    zcl_longhaul_config=>change( settings ).
    DATA(first) = connection.
    DATA(first_session) = session.
    TRY.
        connect( ).
        hear( resume( next   = 1
                      offset = 0
                      sha256 = digest_of_nothing ) ).
        run( ).
      CATCH cx_static_check.
        cl_abap_unit_assert=>fail( `it does not get in` ).
    ENDTRY.
    second = connection.
    connection = first.
    session = first_session.
  ENDMETHOD.
ENDCLASS.
