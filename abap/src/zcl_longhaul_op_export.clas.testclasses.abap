CLASS ltcl_op_export DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS names_what_it_leaves_out FOR TESTING RAISING cx_static_check.
    METHODS leaves_out_what_raises FOR TESTING RAISING cx_static_check.
    METHODS needs_abapgit_for_exports FOR TESTING RAISING cx_static_check.
    METHODS lists_no_more_than_its_limit FOR TESTING RAISING cx_static_check.
    METHODS keeps_its_language FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_op_export IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD names_what_it_leaves_out.
    system->failing = 'ZCL_A'.
    system->forbidden = 'ZCL_C'.
    hear( export( ) ).
    run( ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_A","code":"SERIALIZE_ERROR","message":"it is locked"}` ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_C","code":"NOT_AUTHORIZED"` ).
    assert_sent( `"objectCount":3,"fileCount":1,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_A","reason":"it is locked"},{"type":"CLAS"`
      && `,"name":"ZCL_C","reason":"` ).
  ENDMETHOD.

  METHOD leaves_out_what_raises.
    system->raising = 'ZCL_B'.
    hear( export( ) ).
    run( ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_B","code":"SERIALIZE_ERROR"` ).
    assert_sent( `"objectCount":3,"fileCount":2,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B"`
      && `,"reason":"an exception that nothing foresees: ZCX_LONGHAUL_BROKEN"}]` ).
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"warning","item":"CLAS ZCL_B","code":"CHECK_ERROR"` ).
    assert_sent( `"data":{"objectCount":2,` ).
  ENDMETHOD.

  METHOD needs_abapgit_for_exports.
    system->is_missing = abap_true.
    hear( export( ) ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"NOT_AVAILABLE"` ).
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"complete"` ).
  ENDMETHOD.

  METHOD lists_no_more_than_its_limit.
    settings-max_listed_files = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE system->serialized < 2.
      run( 1 ).
    ENDWHILE.
    session->handle_close( ).
    cl_abap_unit_assert=>assert_true( xsdbool( store->operations[ 1 ]-state_json CS `"files":[],` ) ).
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"data":{"objectCount":3,"fileCount":3,"skipped":[]}` ).
    " A single answer is no other.
    hear( `{"id":"b","domain":"git","action":"export","params":{"packages":["$DEMO"]}}` ).
    run( ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"files":[{` ) ).
  ENDMETHOD.

  METHOD keeps_its_language.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    session->handle_close( ).
    " As if it had been begun in another language than that of the logon which goes on with it.
    store->change_state( from = |"language":"{ sy-langu }"|
                         to   = `"language":"1"` ).
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = system->languages
      exp = |{ sy-langu }11| ).
  ENDMETHOD.
ENDCLASS.
