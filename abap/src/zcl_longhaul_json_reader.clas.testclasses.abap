CLASS ltcl_reader DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS reads_every_kind FOR TESTING RAISING cx_static_check.
    METHODS undoes_escapes FOR TESTING RAISING cx_static_check.
    METHODS keeps_numbers_as_written FOR TESTING RAISING cx_static_check.
    METHODS brings_counts_into_range FOR TESTING RAISING cx_static_check.
    METHODS gives_last_member FOR TESTING RAISING cx_static_check.
    METHODS takes_null_for_absent FOR TESTING RAISING cx_static_check.
    METHODS writes_members_in_order FOR TESTING RAISING cx_static_check.
    METHODS quotes_what_it_reads FOR TESTING RAISING cx_static_check.
    METHODS refuses_what_is_no_json FOR TESTING.
    METHODS bounds_count FOR TESTING RAISING cx_static_check.
    METHODS reads_many_escapes FOR TESTING RAISING cx_static_check.
    METHODS bounds_depth FOR TESTING.

    METHODS assert_refused
      IMPORTING json TYPE string.
ENDCLASS.


CLASS ltcl_reader IMPLEMENTATION.

  METHOD reads_every_kind.
    DATA(value) = zcl_longhaul_json_reader=>read( ` {"a": [1, true, false, null, "x", {}, []] } ` ).
    cl_abap_unit_assert=>assert_equals(
      act = value->kind
      exp = zcl_longhaul_json=>kinds-object ).
    DATA(items) = value->items_of( `a` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( items )
      exp = 7 ).
    cl_abap_unit_assert=>assert_true( items[ 2 ]->is_true( ) ).
    cl_abap_unit_assert=>assert_false( items[ 3 ]->is_true( ) ).
    cl_abap_unit_assert=>assert_equals(
      act = items[ 5 ]->text
      exp = `x` ).
  ENDMETHOD.

  METHOD undoes_escapes.
    DATA(value) = zcl_longhaul_json_reader=>read( `"a\"\\\/\b\f\n\r\t\u0041\u0020\u00e4z"` ).
    DATA(expected) = `a"\/` && zcl_longhaul_codec=>character( `0008` ) && zcl_longhaul_codec=>character( `000C` )
      && |\n\r\tA | && zcl_longhaul_codec=>character( `00E4` ) && `z`.
    cl_abap_unit_assert=>assert_equals(
      act = value->text
      exp = expected ).
  ENDMETHOD.

  METHOD keeps_numbers_as_written.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( `-1.50e+3` )->text
      exp = `-1.50e+3` ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_json_reader=>read( `1.0` )->is_count( ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_json_reader=>read( `-0` )->is_count( ) ).
    cl_abap_unit_assert=>assert_false( zcl_longhaul_json_reader=>read( `"1"` )->is_count( ) ).
    cl_abap_unit_assert=>assert_true( zcl_longhaul_json_reader=>read( `0` )->is_count( ) ).
  ENDMETHOD.

  METHOD brings_counts_into_range.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( `2147483646` )->as_count( )
      exp = 2147483646 ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( `2147483648` )->as_count( )
      exp = 2147483647 ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( `18446744073709551615` )->as_count( )
      exp = 2147483647 ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( `1.5` )->as_count( )
      exp = 0 ).
  ENDMETHOD.

  METHOD gives_last_member.
    DATA(value) = zcl_longhaul_json_reader=>read( `{"a":"1","b":"2","a":"3"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = value->text_of( `a` )
      exp = `3` ).
    cl_abap_unit_assert=>assert_true( value->has_twice( `a` ) ).
    cl_abap_unit_assert=>assert_false( value->has_twice( `b` ) ).
    cl_abap_unit_assert=>assert_false( value->has_twice( `c` ) ).
  ENDMETHOD.

  METHOD takes_null_for_absent.
    DATA(value) = zcl_longhaul_json_reader=>read( `{"a":null,"b":7}` ).
    cl_abap_unit_assert=>assert_not_bound( value->member( `a` ) ).
    cl_abap_unit_assert=>assert_not_bound( value->member( `c` ) ).
    cl_abap_unit_assert=>assert_bound( value->member( `b` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = value->text_of( `b` )
      exp = `` ).
    cl_abap_unit_assert=>assert_equals(
      act = value->count_of( `b` )
      exp = 7 ).
  ENDMETHOD.

  METHOD writes_members_in_order.
    DATA(one) = zcl_longhaul_json_reader=>read( ` { "b" : [ 1 , {"d":null,"c":true} ], "a":"x\ny" }` ).
    cl_abap_unit_assert=>assert_equals(
      act = one->canonical( )
      exp = `{"a":"x\u000ay","b":[1,{"c":true,"d":null}]}` ).
  ENDMETHOD.

  METHOD quotes_what_it_reads.
    DATA(text) = zcl_longhaul_json=>control_characters( ) && `"\/ ` && zcl_longhaul_codec=>character( `20AC` ).
    DATA(json) = zcl_longhaul_json=>quote( text ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( json )->text
      exp = text ).
  ENDMETHOD.

  METHOD refuses_what_is_no_json.
    DATA(texts) = VALUE string_table(
      ( `` ) ( ` ` ) ( `ping` ) ( `{` ) ( `[` ) ( `{"a"}` ) ( `{"a":}` ) ( `{"a":1,}` ) ( `[1,]` ) ( `[1 2]` )
      ( `{a:1}` ) ( `"a` ) ( `"\` ) ( `"\u12"` ) ( `"\u12g4"` ) ( `"\x"` ) ( `tru` ) ( `truex` )
      ( `01` ) ( `1.` ) ( `.5` ) ( `+1` ) ( `1e` ) ( `-` ) ( `{} {}` ) ( `'a'` ) ).
    LOOP AT texts INTO DATA(text).
      assert_refused( text ).
    ENDLOOP.
    assert_refused( |"a\nb"| ).
  ENDMETHOD.

  METHOD bounds_count.
    " The list, and three in it.
    cl_abap_unit_assert=>assert_equals(
      act = lines( zcl_longhaul_json_reader=>read( json       = `[1,{},"a"]`
                                                   max_values = 4 )->items )
      exp = 3 ).
    TRY.
        zcl_longhaul_json_reader=>read( json       = `[1,{},"a"]`
                                        max_values = 3 ).
        cl_abap_unit_assert=>fail( `more than it may have` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = zif_longhaul=>code-parse_error ).
    ENDTRY.
  ENDMETHOD.

  METHOD reads_many_escapes.
    DATA(escapes) = repeat( val = `\\\"x\u0041`
                            occ = 20000 ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_json_reader=>read( |"{ escapes }"| )->text
      exp = repeat( val = `\"xA`
                    occ = 20000 ) ).
  ENDMETHOD.

  METHOD bounds_depth.
    assert_refused( repeat( val = `[`
                            occ = 100 ) && repeat( val = `]`
                                                   occ = 100 ) ).
  ENDMETHOD.

  METHOD assert_refused.
    TRY.
        zcl_longhaul_json_reader=>read( json ).
        cl_abap_unit_assert=>fail( |taken: { json }| ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = zif_longhaul=>code-parse_error ).
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
