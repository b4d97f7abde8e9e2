CLASS ltcl_catalog DEFINITION FINAL FOR TESTING RISK LEVEL CRITICAL DURATION SHORT.
  PRIVATE SECTION.
    CONSTANTS raw_key TYPE tadir-obj_name VALUE 'ZSERVICE       ABCDEFGHIJKLMNOPQRSTUVWXY'.
    CONSTANTS path_name TYPE tadir-obj_name VALUE 'ZSERVICE       yxwvutsrqponmlkjihgfedcba'.

    DATA catalog TYPE REF TO zif_longhaul_catalog.

    METHODS setup.
    METHODS teardown.
    METHODS leaves_out_parts_of_others FOR TESTING.
    METHODS names_services_by_path FOR TESTING.
    METHODS finds_services_by_path FOR TESTING.
    METHODS selects_services_by_path FOR TESTING RAISING cx_static_check.
    METHODS takes_no_pattern_for_a_service FOR TESTING.
    METHODS adds_local_packages FOR TESTING.
    METHODS add
      IMPORTING
        type    TYPE tadir-object
        name    TYPE tadir-obj_name
        package TYPE tadir-devclass DEFAULT 'ZTEST'.
ENDCLASS.

CLASS ltcl_catalog IMPLEMENTATION.

  METHOD setup.
    DATA package TYPE tdevc.
    catalog = NEW zcl_longhaul_catalog( ).
    package-devclass = '$TEST'.
    INSERT tdevc FROM package.
  ENDMETHOD.

  METHOD teardown.
    DELETE FROM tadir WHERE devclass = 'ZTEST' OR devclass = '$TEST'.
    DELETE FROM tdevc WHERE devclass = '$TEST'.
  ENDMETHOD.

  METHOD add.
    DATA object TYPE tadir.
    object-pgmid = 'R3TR'.
    object-object = type.
    object-obj_name = name.
    object-devclass = package.
    INSERT tadir FROM object.
  ENDMETHOD.

  METHOD leaves_out_parts_of_others.
    add( type = 'CLAS' name = 'ZCL_X' ).
    add( type = 'SOTR' name = 'ZTEST' ).
    add( type = 'SFB1' name = 'ZSET' ).
    add( type = 'SFB2' name = 'ZFUNCTION' ).
    add( type = 'STOB' name = 'ZVIEW' ).
    DATA(objects) = catalog->objects_of( 'ZTEST' ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( objects )
      exp = 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = objects[ 1 ]-type
      exp = 'CLAS' ).
  ENDMETHOD.

  METHOD names_services_by_path.
    add( type = 'SICF' name = raw_key ).
    DATA(objects) = catalog->objects_of( 'ZTEST' ).
    cl_abap_unit_assert=>assert_equals(
      act = objects[ 1 ]-name
      exp = path_name ).
  ENDMETHOD.

  METHOD finds_services_by_path.
    add( type = 'SICF' name = raw_key ).
    cl_abap_unit_assert=>assert_equals(
      act = catalog->find( type = 'SICF' name = path_name )-package
      exp = 'ZTEST' ).
    " Who has it from the table itself means the same one.
    cl_abap_unit_assert=>assert_equals(
      act = catalog->find( type = 'SICF' name = raw_key )-name
      exp = path_name ).
    cl_abap_unit_assert=>assert_initial( catalog->find( type = 'SICF' name = 'ZSERVICE       OTHER' )-package ).
  ENDMETHOD.

  METHOD selects_services_by_path.
    add( type = 'SICF' name = raw_key ).
    " As git.list gives it, and in capitals, as people write names.
    LOOP AT VALUE string_table( ( |{ path_name }| ) ( |{ to_upper( path_name ) }| ) ) INTO DATA(name).
      DATA(objects) = NEW zcl_longhaul_selection( catalog )->select(
        params     = zcl_longhaul_json_reader=>read( |\{"objects":[\{"type":"SICF","name":"{ name }"\}]\}| )
        error_code = zif_longhaul=>code-git_error ).
      cl_abap_unit_assert=>assert_equals(
        act = objects[ 1 ]-package
        exp = 'ZTEST' ).
      cl_abap_unit_assert=>assert_equals(
        act = objects[ 1 ]-name
        exp = path_name ).
    ENDLOOP.
  ENDMETHOD.

  METHOD takes_no_pattern_for_a_service.
    add( type = 'SICF' name = raw_key ).
    DATA(count) = zcl_abapgit_object_sicf=>count.
    LOOP AT VALUE string_table( ( `%` ) ( `_______________X` ) ) INTO DATA(pattern).
      DATA(found) = catalog->find( type = 'SICF'
                                   name = CONV #( pattern ) ).
      cl_abap_unit_assert=>assert_initial( found-package ).
    ENDLOOP.
    " Each would be looked into, of all that a system has.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_abapgit_object_sicf=>count
      exp = count ).
  ENDMETHOD.

  METHOD adds_local_packages.
    add( type = 'CLAS' name = 'ZCL_X' package = '$TEST' ).
    DATA(objects) = catalog->objects_of( '$TEST' ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( objects )
      exp = 2 ).
    cl_abap_unit_assert=>assert_equals(
      act = objects[ 2 ]-type
      exp = 'DEVC' ).
    cl_abap_unit_assert=>assert_equals(
      act = catalog->find( type = 'DEVC' name = '$TEST' )-package
      exp = '$TEST' ).
    cl_abap_unit_assert=>assert_initial( catalog->find( type = 'DEVC' name = '$NONE' )-package ).
    " One that is to be transported has its row.
    cl_abap_unit_assert=>assert_initial( catalog->objects_of( 'ZTEST' ) ).
  ENDMETHOD.
ENDCLASS.
