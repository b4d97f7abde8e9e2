CLASS ltcl_admission DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS is_busy_beyond_its_limits FOR TESTING RAISING cx_static_check.
    METHODS gone_sessions_do_not_count FOR TESTING RAISING cx_static_check.
    METHODS remembers_what_expired FOR TESTING RAISING cx_static_check.
    METHODS released_operation_ends FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_admission IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD is_busy_beyond_its_limits.
    settings-max_transfers = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `a` ) ).
    hear( export( `b` ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"BUSY"`
      && `,"message":"too many heavy requests","retryAfterMs":2000}}` ).
    run( ).
    hear( export( `c` ) ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `{"id":"c","type":"error"` ) ).
    " Over all connections of a user.
    settings-max_operations = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `d` ) ).
    assert_sent( `{"id":"d","type":"error","success":false,"error":{"code":"BUSY"` ).
    connect( `YOU` ).
    hear( export( `e` ) ).
    run( ).
    assert_sent( `{"id":"e","type":"complete"` ).
  ENDMETHOD.

  METHOD gone_sessions_do_not_count.
    settings-max_operations = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `a` ) ).
    run( 1 ).
    " The session is gone without a word.
    connect( ).
    hear( export( `b` ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"BUSY"` ).
    clock->go_on( CONV #( settings-silent_ms ) ).
    hear( export( `c` ) ).
    run( ).
    assert_sent( `{"id":"c","type":"complete"` ).
  ENDMETHOD.

  METHOD remembers_what_expired.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( ).
    clock->go_on( CONV #( settings-ttl_ms ) ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    assert_sent( `{"id":"s","type":"error","success":false,"error":{"code":"RESUME_EXPIRED"` ).
    " So that nothing runs twice.
    hear( export( id      = `b`
                     more = |,"features":["resume"],"operation":"{ key }"| ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"RESUME_EXPIRED"` ).
    clock->go_on( CONV #( settings-remembered_ms ) ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    assert_sent( `RESUME_UNKNOWN` ).
  ENDMETHOD.

  METHOD released_operation_ends.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.
ENDCLASS.
