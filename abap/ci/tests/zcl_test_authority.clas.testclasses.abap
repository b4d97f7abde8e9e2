CLASS ltcl_authority DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup.
    METHODS teardown.
    METHODS asks_to_display_the_object FOR TESTING.
    METHODS may_read_what_is_allowed FOR TESTING.
    METHODS may_not_read_the_rest FOR TESTING.
    METHODS may_read
      IMPORTING object_name     TYPE tadir-obj_name
      RETURNING VALUE(may_read) TYPE abap_bool.
ENDCLASS.

CLASS ltcl_authority IMPLEMENTATION.

  METHOD setup.
    WRITE '@KERNEL const {forbidden} = await import("../../host/setup.mjs");'.
    WRITE '@KERNEL forbidden.add("CLAS ZCL_SECRET");'.
  ENDMETHOD.

  METHOD teardown.
    WRITE '@KERNEL const {forbidden} = await import("../../host/setup.mjs");'.
    WRITE '@KERNEL forbidden.clear();'.
  ENDMETHOD.

  METHOD asks_to_display_the_object.
    DATA asked TYPE string.
    WRITE '@KERNEL const check = abap.Classes["KERNEL_AUTHORITY_CHECK"];'.
    WRITE '@KERNEL abap.Classes["KERNEL_AUTHORITY_CHECK"] = {call: async (input) => {asked.set(input.object.get().trimEnd() + ":" + input.fields.map((one) => one.id.get().trimEnd() + "=" + (one.field?.get().trimEnd() ?? "")).join(",")); return check.call(input);}};'.
    may_read( 'ZCL_X' ).
    WRITE '@KERNEL abap.Classes["KERNEL_AUTHORITY_CHECK"] = check;'.
    cl_abap_unit_assert=>assert_equals(
      act = asked
      exp = `S_DEVELOP:DEVCLASS=ZTEST,OBJTYPE=CLAS,OBJNAME=ZCL_X,P_GROUP=,ACTVT=03` ).
  ENDMETHOD.

  METHOD may_read_what_is_allowed.
    cl_abap_unit_assert=>assert_true( may_read( 'ZCL_X' ) ).
  ENDMETHOD.

  METHOD may_not_read_the_rest.
    cl_abap_unit_assert=>assert_false( may_read( 'ZCL_SECRET' ) ).
  ENDMETHOD.

  METHOD may_read.
    may_read = CAST zif_longhaul_authority( NEW zcl_longhaul_authority( ) )->may_read(
      VALUE #( type = 'CLAS' name = object_name package = 'ZTEST' ) ).
  ENDMETHOD.
ENDCLASS.
