CLASS ltcl_catalog DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_catalog.
    "! How often it was asked for something
    DATA questions TYPE i READ-ONLY.
ENDCLASS.


CLASS ltcl_catalog IMPLEMENTATION.

  METHOD zif_longhaul_catalog~has_package.
    questions = questions + 1.
    has_package = xsdbool( name = '$TOP' OR name = '$SUB' OR name = '$LOOP' ).
  ENDMETHOD.

  METHOD zif_longhaul_catalog~subpackages.
    CASE name.
      WHEN '$TOP'.
        names = VALUE #( ( '$SUB' ) ).
      WHEN '$SUB'.
        names = VALUE #( ( '$LOOP' ) ).
      WHEN '$LOOP'.
        " There should be none, but nobody must go round for ever.
        names = VALUE #( ( '$TOP' ) ).
    ENDCASE.
  ENDMETHOD.

  METHOD zif_longhaul_catalog~objects_of.
    objects = VALUE #( ( type    = 'DEVC'
                         name    = package
                         package = package ) ).
    IF package = '$SUB'.
      objects = VALUE #( BASE objects ( type    = 'CLAS'
                                        name    = 'ZCL_B'
                                        package = package )
                                      ( type    = 'CLAS'
                                        name    = 'ZCL_A'
                                        package = package ) ).
    ENDIF.
  ENDMETHOD.

  METHOD zif_longhaul_catalog~find.
    questions = questions + 1.
    object = VALUE #( type = type
                      name = name ).
    IF name = 'ZCL_A'.
      object-package = '$SUB'.
    ENDIF.
  ENDMETHOD.
ENDCLASS.


CLASS ltcl_selection DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS subpackages_unless_refused FOR TESTING RAISING cx_static_check.
    METHODS each_object_once_missing_last FOR TESTING RAISING cx_static_check.
    METHODS looks_each_up_once FOR TESTING RAISING cx_static_check.
    METHODS wrong_params_are_refused FOR TESTING.
    METHODS list_is_of_packages FOR TESTING RAISING cx_static_check.

    METHODS selected
      IMPORTING json          TYPE string
      RETURNING VALUE(labels) TYPE string
      RAISING   zcx_longhaul.
ENDCLASS.


CLASS ltcl_selection IMPLEMENTATION.

  METHOD subpackages_unless_refused.
    cl_abap_unit_assert=>assert_equals(
      act = selected( `{"packages":["$TOP"]}` )
      exp = `DEVC $LOOP,CLAS ZCL_A,CLAS ZCL_B,DEVC $SUB,DEVC $TOP` ).
    cl_abap_unit_assert=>assert_equals(
      act = selected( `{"packages":["$TOP"],"includeSubpackages":false}` )
      exp = `DEVC $TOP` ).
  ENDMETHOD.

  METHOD each_object_once_missing_last.
    cl_abap_unit_assert=>assert_equals(
      act = selected( `{"packages":["$SUB","$SUB"],"includeSubpackages":false,`
        && `"objects":[{"type":"CLAS","name":"ZNOT"},{"type":"clas","name":"zcl_a"},{"type":"CLAS","name":"ZNOT"}]}` )
      exp = `CLAS ZCL_A,CLAS ZCL_B,DEVC $SUB,CLAS ZNOT` ).
  ENDMETHOD.

  METHOD looks_each_up_once.
    DATA(catalog) = NEW ltcl_catalog( ).
    DATA(params) = zcl_longhaul_json_reader=>read(
      `{"packages":["$SUB","$SUB"],"objects":[{"type":"CLAS","name":"ZCL_A"},{"type":"CLAS","name":"zcl_a"}]}` ).
    NEW zcl_longhaul_selection( catalog )->select( params     = params
                                                   error_code = `TEST_ERROR` ).
    cl_abap_unit_assert=>assert_equals(
      act = catalog->questions
      exp = 2 ).
  ENDMETHOD.

  METHOD wrong_params_are_refused.
    DATA(texts) = VALUE string_table(
      ( `{}` )
      ( `{"packages":[]}` )
      ( `{"packages":"$TOP"}` )
      ( `{"packages":[1]}` )
      ( `{"packages":[""]}` )
      ( `{"objects":[1]}` )
      ( `{"objects":[{"type":"CLAS"}]}` )
      ( `{"objects":[{"type":"CLASS","name":"X"}]}` )
      ( `{"packages":["$TOP"],"includeSubpackages":"false"}` ) ).
    LOOP AT texts INTO DATA(text).
      TRY.
          selected( text ).
          cl_abap_unit_assert=>fail( text ).
        CATCH zcx_longhaul INTO DATA(error).
          cl_abap_unit_assert=>assert_equals(
            act = error->code
            exp = zif_longhaul=>code-missing_param
            msg = text ).
      ENDTRY.
    ENDLOOP.
    TRY.
        selected( `{"packages":["$NOPE"]}` ).
        cl_abap_unit_assert=>fail( `there is no such package` ).
      CATCH zcx_longhaul INTO error.
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = `TEST_ERROR` ).
    ENDTRY.
  ENDMETHOD.

  METHOD list_is_of_packages.
    DATA(selection) = NEW zcl_longhaul_selection( NEW ltcl_catalog( ) ).
    DATA(params) = zcl_longhaul_json_reader=>read( `{"packages":["$SUB"]}` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( selection->list( params ) )
      exp = 5 ).
    TRY.
        selection->list( zcl_longhaul_json_reader=>read( `{"objects":[{"type":"CLAS","name":"ZCL_A"}]}` ) ).
        cl_abap_unit_assert=>fail( `a list is of packages` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = zif_longhaul=>code-missing_param ).
    ENDTRY.
  ENDMETHOD.

  METHOD selected.
    DATA texts TYPE string_table.
    DATA(objects) = NEW zcl_longhaul_selection( NEW ltcl_catalog( ) )->select(
      params     = zcl_longhaul_json_reader=>read( json )
      error_code = `TEST_ERROR` ).
    LOOP AT objects INTO DATA(object).
      APPEND zcl_longhaul_selection=>label( object ) TO texts.
    ENDLOOP.
    labels = concat_lines_of( table = texts
                              sep   = `,` ).
  ENDMETHOD.
ENDCLASS.
