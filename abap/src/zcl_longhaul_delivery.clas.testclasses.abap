CLASS ltcl_delivery DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS streams_bytes FOR TESTING RAISING cx_static_check.
    METHODS keeps_to_credit FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_delivery IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
  ENDMETHOD.

  METHOD streams_bytes.
    hear( export( more = `,"features":["binary"]` ) ).
    run( ).
    assert_sent( `{"id":"a","type":"accepted","chunkSize":200,"alias":1}` ).
    cl_abap_unit_assert=>assert_true( xsdbool( connection->messages > 1 ) ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"chunk"` ) ).
    " An alias is never used again.
    hear( export( more = `,"features":["binary"]` ) ).
    run( ).
    assert_sent( `"alias":2}` ).
  ENDMETHOD.

  METHOD keeps_to_credit.
    hear( export( more = `,"features":["credit"],"window":2` ) ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->count_sent( `"type":"chunk"` )
      exp = 2 ).
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":3}}` ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->count_sent( `"type":"chunk"` )
      exp = 3 ).
    " Less than before changes nothing, and neither does a grant for nobody.
    hear( `{"id":"d","domain":"stream","action":"credit","params":{"target":"a","upTo":1}}` ).
    hear( `{"id":"e","domain":"stream","action":"credit","params":{"target":"z","upTo":9}}` ).
    assert_sent( `{"id":"e","success":true}` ).
    run( ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"complete"` ) ).
    hear( `{"id":"f","domain":"stream","action":"credit","params":{"target":"a","upTo":18446744073709551615}}` ).
    run( ).
    assert_sent( `"type":"complete"` ).
  ENDMETHOD.
ENDCLASS.
