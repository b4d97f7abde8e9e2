CLASS ltcl_abapgit DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    DATA serializer TYPE REF TO zif_longhaul_serializer.

    METHODS setup.
    METHODS teardown.
    METHODS serializes_in_the_language FOR TESTING RAISING cx_static_check.
    METHODS knows_the_older_form FOR TESTING RAISING cx_static_check.
    METHODS gives_what_abapgit_raises FOR TESTING RAISING cx_static_check.
    METHODS no_file_is_an_error FOR TESTING RAISING cx_static_check.
    METHODS says_where_abapgit_is_not FOR TESTING RAISING cx_static_check.
    METHODS gives_types FOR TESTING RAISING cx_static_check.
    METHODS names_service FOR TESTING RAISING cx_static_check.

    METHODS serialize
      IMPORTING obj_name      TYPE tadir-obj_name
      RETURNING VALUE(answer) TYPE string
      RAISING   cx_static_check.
    METHODS assert_not_available.
ENDCLASS.

CLASS ltcl_abapgit IMPLEMENTATION.

  METHOD setup.
    serializer = NEW zcl_longhaul_abapgit( ).
    WRITE '@KERNEL globalThis.longhaul = {serialize: (type, name, language) => name === "ZCL_BAD" ? {why: "it is locked"} : {files: name === "ZCL_NONE" ? [] : [{name: type + name, data: Buffer.from(language)}]}};'.
    WRITE '@KERNEL globalThis.removed = {};'.
    WRITE '@KERNEL globalThis.remove = (name) => {globalThis.removed[name] = abap.Classes[name]; delete abap.Classes[name];};'.
  ENDMETHOD.

  METHOD teardown.
    WRITE '@KERNEL Object.assign(abap.Classes, globalThis.removed);'.
    WRITE '@KERNEL delete globalThis.longhaul;'.
  ENDMETHOD.

  METHOD serialize.
    TRY.
        DATA(files) = serializer->serialize(
          object   = VALUE #( type = 'CLAS' name = obj_name package = 'ZTEST' )
          language = 'D' ).
        LOOP AT files INTO DATA(file).
          answer = |{ answer }{ file-name } { file-data }|.
        ENDLOOP.
      CATCH zcx_longhaul INTO DATA(error).
        answer = |{ error->code } { error->message }|.
    ENDTRY.
  ENDMETHOD.

  METHOD serializes_in_the_language.
    cl_abap_unit_assert=>assert_equals(
      act = serialize( 'ZCL_X' )
      exp = `CLASZCL_X 44` ).
  ENDMETHOD.

  METHOD knows_the_older_form.
    WRITE '@KERNEL globalThis.remove("ZIF_ABAPGIT_OBJECTS");'.
    WRITE '@KERNEL globalThis.remove("ZCL_ABAPGIT_I18N_PARAMS");'.
    serializer->check_available( ).
    cl_abap_unit_assert=>assert_equals(
      act = serialize( 'ZCL_X' )
      exp = `CLASZCL_X 44` ).
  ENDMETHOD.

  METHOD gives_what_abapgit_raises.
    cl_abap_unit_assert=>assert_equals(
      act = serialize( 'ZCL_BAD' )
      exp = `GIT_ERROR it is locked` ).
  ENDMETHOD.

  METHOD no_file_is_an_error.
    cl_abap_unit_assert=>assert_equals(
      act = serialize( 'ZCL_NONE' )
      exp = `GIT_ERROR abapGit gives no file for it` ).
  ENDMETHOD.

  METHOD assert_not_available.
    TRY.
        serializer->check_available( ).
        cl_abap_unit_assert=>fail( `it is available` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = `NOT_AVAILABLE` ).
    ENDTRY.
  ENDMETHOD.

  METHOD says_where_abapgit_is_not.
    serializer->check_available( ).
    WRITE '@KERNEL globalThis.remove("ZIF_ABAPGIT_OBJECTS");'.
    WRITE '@KERNEL globalThis.remove("ZCL_ABAPGIT_OBJECTS");'.
    assert_not_available( ).
    WRITE '@KERNEL globalThis.remove("ZIF_ABAPGIT_DEFINITIONS");'.
    assert_not_available( ).
    cl_abap_unit_assert=>assert_true( xsdbool( serialize( 'ZCL_X' ) CS `NOT_AVAILABLE` ) ).
    TRY.
        serializer->types( ).
        cl_abap_unit_assert=>fail( `there are types` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = `NOT_AVAILABLE` ).
    ENDTRY.
  ENDMETHOD.

  METHOD gives_types.
    cl_abap_unit_assert=>assert_equals(
      act = lines( serializer->types( ) )
      exp = 4 ).
    WRITE '@KERNEL globalThis.remove("ZIF_ABAPGIT_OBJECTS");'.
    cl_abap_unit_assert=>assert_equals(
      act = lines( serializer->types( ) )
      exp = 4 ).
  ENDMETHOD.

  METHOD names_service.
    DATA key TYPE tadir-obj_name.
    key = 'ZSERVICE       ABC'.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_abapgit=>service_name( key )
      exp = 'ZSERVICE       cba' ).
    " Neither without a parent nor without abapGit does it become something else.
    key = 'ZSERVICE'.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_abapgit=>service_name( key )
      exp = 'ZSERVICE' ).
    key = 'ZSERVICE       ABC'.
    WRITE '@KERNEL globalThis.remove("ZCL_ABAPGIT_OBJECT_SICF");'.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_abapgit=>service_name( key )
      exp = 'ZSERVICE       ABC' ).
  ENDMETHOD.
ENDCLASS.
