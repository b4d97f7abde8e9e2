CLASS ltcl_request DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS reads_all_keys FOR TESTING RAISING cx_static_check.
    METHODS reads_stream_inside_params FOR TESTING RAISING cx_static_check.
    METHODS takes_other_forms_for_absent FOR TESTING RAISING cx_static_check.
    METHODS ignores_unknown_features FOR TESTING RAISING cx_static_check.
    METHODS refuses_what_is_none FOR TESTING.
    METHODS knows_ids_and_keys FOR TESTING.
ENDCLASS.


CLASS ltcl_request IMPLEMENTATION.

  METHOD reads_all_keys.
    DATA(request) = zcl_longhaul_request=>read(
      `{"id":"git_1","domain":"git","action":"export","params":{"a":1},"timeout":5,"stream":true,"chunkSize":6,`
      && `"features":["checksum","credit"],"operation":"Wc3nP0wq7ZbE4m_Xk2TtRA","window":2,"more":{}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = |{ request->id } { request->domain } { request->action } { request->operation }|
      exp = `git_1 git export Wc3nP0wq7ZbE4m_Xk2TtRA` ).
    cl_abap_unit_assert=>assert_true( request->is_stream ).
    cl_abap_unit_assert=>assert_equals(
      act = request->chunk_bytes
      exp = 6 ).
    cl_abap_unit_assert=>assert_equals(
      act = request->window
      exp = 2 ).
    cl_abap_unit_assert=>assert_true( request->wants( `credit` ) ).
    cl_abap_unit_assert=>assert_false( request->wants( `resume` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = request->params->count_of( `a` )
      exp = 1 ).
  ENDMETHOD.

  METHOD reads_stream_inside_params.
    DATA(request) = zcl_longhaul_request=>read(
      `{"id":"a","domain":"git","action":"export","params":{"stream":true,"chunkSize":"4096"}}` ).
    cl_abap_unit_assert=>assert_true( request->is_stream ).
    cl_abap_unit_assert=>assert_equals(
      act = request->chunk_bytes
      exp = 4096 ).
    request = zcl_longhaul_request=>read(
      `{"id":"a","domain":"git","action":"export","params":{"stream":true,"chunkSize":"4096"},`
      && `"stream":false,"chunkSize":1}` ).
    cl_abap_unit_assert=>assert_false( request->is_stream ).
    cl_abap_unit_assert=>assert_equals(
      act = request->chunk_bytes
      exp = 1 ).
  ENDMETHOD.

  METHOD takes_other_forms_for_absent.
    DATA(request) = zcl_longhaul_request=>read(
      `{"id":"a","domain":"git","action":"export","window":"8","operation":"short","chunkSize":1.5,"params":null}` ).
    cl_abap_unit_assert=>assert_equals(
      act = request->window
      exp = 0 ).
    cl_abap_unit_assert=>assert_initial( request->operation ).
    cl_abap_unit_assert=>assert_equals(
      act = request->chunk_bytes
      exp = zcl_longhaul_request=>not_asked ).
    cl_abap_unit_assert=>assert_initial( request->params->members ).
  ENDMETHOD.

  METHOD ignores_unknown_features.
    DATA(request) = zcl_longhaul_request=>read(
      `{"id":"a","domain":"git","action":"export","features":["from-the-future","resume","checksum"]}` ).
    cl_abap_unit_assert=>assert_equals(
      act = concat_lines_of( table = request->features
                             sep   = `,` )
      exp = `checksum,resume` ).
  ENDMETHOD.

  METHOD refuses_what_is_none.
    DATA(texts) = VALUE string_table(
      ( `[]` )
      ( `"a"` )
      ( `{"domain":"git","action":"export"}` )
      ( `{"id":1,"domain":"git","action":"export"}` )
      ( `{"id":"a","action":"export"}` )
      ( `{"id":"a","domain":"git"}` )
      ( `{"id":"welcome","domain":"git","action":"export"}` )
      ( `{"id":"a","id":"a","domain":"git","action":"export"}` )
      ( `{"id":"a","domain":"git","action":"export","params":[]}` )
      ( `{"id":"a","domain":"git","action":"export","stream":"true"}` )
      ( `{"id":"a","domain":"git","action":"export","features":"checksum"}` )
      ( `{"id":"a","domain":"git","action":"export","features":[1]}` ) ).
    LOOP AT texts INTO DATA(text).
      TRY.
          zcl_longhaul_request=>read( text ).
          cl_abap_unit_assert=>fail( text ).
        CATCH zcx_longhaul INTO DATA(error).
          cl_abap_unit_assert=>assert_equals(
            act = error->code
            exp = zif_longhaul=>code-parse_error ).
      ENDTRY.
    ENDLOOP.
  ENDMETHOD.

  METHOD knows_ids_and_keys.
    cl_abap_unit_assert=>assert_true( zcl_longhaul_request=>is_id( `aZ0_-` ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_id( `` ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_id( `a b` ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_id( `unknown` ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_id( repeat( val = `a`
                                                                            occ = 257 ) ) ).
    cl_abap_unit_assert=>assert_true( zcl_longhaul_request=>is_key( repeat( val = `k`
                                                                            occ = 22 ) ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_key( repeat( val = `k`
                                                                             occ = 21 ) ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_request=>is_key( repeat( val = `k`
                                                                             occ = 129 ) ) ).
  ENDMETHOD.
ENDCLASS.
