CLASS ltcl_op_check DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS sends_records_at_once FOR TESTING RAISING cx_static_check.
    METHODS counts_what_it_checks FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_op_check IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD sends_records_at_once.
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    " Accepted and progress; then ZCL_A and ZCL_B, one slice each, of three objects.
    run( 3 ).
    DATA(record) = `{"object":{"type":"CLAS","name":"ZCL_B"},"line":12,"priority":2,"check":"todo"`
      && `,"message":"comment says \"TODO\""}`.
    assert_sent( |\{"id":"r","type":"chunk","seq":1,"data":"{
      zcl_longhaul_codec=>to_base64( zcl_longhaul_codec=>to_utf8( |{ record }\n| ) ) }"| ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `complete` ) ).
    run( ).
    assert_sent( `"totalChunks":1,"data":{"objectCount":3,"findingCount":1,"priorities":[0,1,0],"skipped":[]}}` ).
    " One answer has no room for them.
    hear( `{"id":"s","domain":"atc","action":"run","params":{"packages":["$DEMO"]}}` ).
    run( ).
    assert_sent( `{"id":"s","success":false,"error":{"code":"ATC_ERROR","message":"1 findings need a stream"}}` ).
  ENDMETHOD.

  METHOD counts_what_it_checks.
    system->failing = 'ZCL_A'.
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"warning","item":"CLAS ZCL_A","code":"NOT_CHECKED","message":"nothing checks it"}` ).
    assert_sent( `"data":{"objectCount":2,"findingCount":1,"priorities":[0,1,0],"skipped":[{"type":"CLAS"`
      && `,"name":"ZCL_A","reason":"nothing checks it"}]}}` ).
  ENDMETHOD.
ENDCLASS.
