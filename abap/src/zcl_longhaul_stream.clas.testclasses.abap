CLASS ltcl_stream DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS streams_in_order FOR TESTING RAISING cx_static_check.
    METHODS answers_once FOR TESTING RAISING cx_static_check.
    METHODS holds_back_without_credit FOR TESTING RAISING cx_static_check.
    METHODS lives_without_credit FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_a_cut FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_a_failed_send FOR TESTING RAISING cx_static_check.
    METHODS keeps_nothing_else FOR TESTING RAISING cx_static_check.
    METHODS completes_without_database FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_stream IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD streams_in_order.
    hear( export( more = `,"features":["checksum"]` ) ).
    cl_abap_unit_assert=>assert_initial( connection->texts ).
    run( ).
    assert_sent( `{"id":"a","type":"progress","done":0,"total":3,"message":"CLAS ZCL_A"}` ).
    assert_sent( `{"id":"a","type":"chunk","seq":1,"data":"UEsDB` ).
    assert_sent( `"offset":200,"crc32":"` ).
    assert_sent( `{"id":"a","type":"progress","done":3,"total":3,"message":""}` ).
    cl_abap_unit_assert=>assert_char_cp(
      act = connection->last( )
      exp = `{"id":"a","type":"complete","success":true,"totalChunks":+,"size":*`
        && `,"sha256":"*"data":{"objectCount":3,*` ).
    assert_sent( `"fileCount":3,"files":[{"path":"src/$demo/zcl_a.clas.abap","size":395}` ).
    assert_sent( `"skipped":[]}}` ).
    " There is nothing of it left.
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD answers_once.
    hear( `{"id":"a","domain":"git","action":"export","params":{"packages":["$DEMO"]}}` ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( connection->texts )
      exp = 1 ).
    assert_sent( `{"id":"a","success":true,"data":{"objectCount":3,"fileCount":3,"zipBase64":"UEsDB` ).
  ENDMETHOD.

  METHOD holds_back_without_credit.
    " Nothing is kept, so what the client does not take stays in memory, up to a bound.
    settings-max_held_chunks = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = `,"features":["credit"],"window":1` ) ).
    run( ).
    cl_abap_unit_assert=>assert_true( xsdbool( system->serialized < 3 ) ).
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":99}}` ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = 3 ).
  ENDMETHOD.

  METHOD lives_without_credit.
    " So that its work is held up, too.
    settings-max_held_chunks = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = `,"features":["credit"],"window":1` ) ).
    run( ).
    DATA(first) = connection.
    DATA(first_session) = session.
    DO 3 TIMES.
      clock->go_on( settings-ttl_ms - 1000 ).
      first_session->handle_timer( ).
      " Whoever comes in looks for what has expired.
      connect( `YOU` ).
      hear( export( `b` ) ).
      run( ).
    ENDDO.
    session = first_session.
    connection = first.
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":99}}` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD goes_on_after_a_cut.
    DATA(more) = |,"features":["checksum","resume"],"operation":"{ key }"|.
    hear( export( more = more ) ).
    run( ).
    DATA(whole) = connection->last( ).
    hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
    cl_abap_unit_assert=>assert_initial( store->operations ).

    " Once more, with the connection cut after each slice.
    hear( export( more = more ) ).
    run( 1 ).
    DO 30 TIMES.
      session->handle_close( ).
      connect( ).
      hear( resume( next      = 1
                       offset = 0
                       sha256 = digest_of_nothing ) ).
      run( 3 ).
      IF connection->has_sent( `complete` ) = abap_true.
        EXIT.
      ENDIF.
    ENDDO.
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = replace( val  = connection->last( )
                     sub  = `"id":"s"`
                     with = `"id":"a"` )
      exp = whole ).
    " Each of the three once for the first time, and once for the second.
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = 6 ).
  ENDMETHOD.

  METHOD goes_on_after_a_failed_send.
    DATA is_lost TYPE abap_bool.
    DATA(more) = |,"features":["checksum","resume"],"operation":"{ key }"|.
    hear( export( more = more ) ).
    run( ).
    DATA(whole) = connection->last( ).
    DATA(payload) = connection->payload( ).
    DO 100 TIMES.
      DATA(sends) = sy-index - 1.
      connect( ).
      hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
      connection->sends_left = sends.
      is_lost = abap_false.
      TRY.
          hear( export( more = more ) ).
          run( ).
        CATCH zcx_longhaul_lost.
          is_lost = abap_true.
          session->handle_close( ).
      ENDTRY.
      " The first to come back is not lucky either.
      connect( ).
      connection->sends_left = sends MOD 7.
      TRY.
          hear( resume( next   = 1
                        offset = 0
                        sha256 = digest_of_nothing ) ).
          run( ).
        CATCH zcx_longhaul_lost.
          session->handle_close( ).
      ENDTRY.
      connect( ).
      hear( resume( next   = 1
                    offset = 0
                    sha256 = digest_of_nothing ) ).
      run( ).
      cl_abap_unit_assert=>assert_equals(
        act = replace( val  = connection->last( )
                       sub  = `"id":"s"`
                       with = `"id":"a"` )
        exp = whole ).
      cl_abap_unit_assert=>assert_equals(
        act = connection->payload( )
        exp = payload ).
      IF is_lost = abap_false.
        EXIT.
      ENDIF.
    ENDDO.
    cl_abap_unit_assert=>assert_false( is_lost ).
    cl_abap_unit_assert=>assert_true( xsdbool( sends > 8 ) ).
  ENDMETHOD.

  METHOD keeps_nothing_else.
    hear( export( ) ).
    run( 2 ).
    cl_abap_unit_assert=>assert_initial( store->operations[ 1 ]-plan_json ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
    session->handle_close( ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD completes_without_database.
    settings-max_held_chunks = 100.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE connection->has_sent( `"done":3` ) = abap_false.
      run( 1 ).
    ENDWHILE.
    " The client takes all of it; only that it is left cannot be written.
    store->is_broken = abap_true.
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.
ENDCLASS.
