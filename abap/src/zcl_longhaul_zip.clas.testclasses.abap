CLASS ltcl_zip DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS empty_archive_is_its_end FOR TESTING.
    METHODS entry_stands_at_its_place FOR TESTING RAISING cx_static_check.
    METHODS keeps_to_what_zip_can FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_restore FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_zip IMPLEMENTATION.

  METHOD empty_archive_is_its_end.
    cl_abap_unit_assert=>assert_equals(
      act = NEW zcl_longhaul_zip( )->finish( )
      exp = CONV xstring( `504B0506000000000000000000000000` && `000000000000` ) ).
  ENDMETHOD.

  METHOD entry_stands_at_its_place.
    DATA(archive) = NEW zcl_longhaul_zip( ).
    DATA(data) = zcl_longhaul_codec=>to_utf8( `hello ` ).
    DATA(entry) = archive->add( zcl_longhaul_zip=>pack( path = `a.txt`
                                                        data = data ) ).
    " Signature, version, flags, method, time, date, CRC-32 of `hello ` with its least byte first.
    cl_abap_unit_assert=>assert_equals(
      act = CONV xstring( entry(18) )
      exp = CONV xstring( `504B030414000008080000002100F6F981ED` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = CONV xstring( entry+22(4) )
      exp = CONV xstring( `06000000` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = CONV xstring( entry+30(5) )
      exp = zcl_longhaul_codec=>to_utf8( `a.txt` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = archive->position
      exp = xstrlen( entry ) ).
    archive->add( zcl_longhaul_zip=>pack( path = `b`
                                          data = VALUE #( ) ) ).
    DATA(directory) = archive->finish( ).
    cl_abap_unit_assert=>assert_equals(
      act = CONV xstring( directory(4) )
      exp = CONV xstring( `504B0102` ) ).
    " The second entry starts behind the first: its offset stands 42 bytes into its 46 + 1.
    DATA(second) = 46 + 5 + 42.
    cl_abap_unit_assert=>assert_equals(
      act = CONV xstring( directory+second(4) )
      exp = zcl_longhaul_codec=>little_endian( number = xstrlen( entry )
                                               length = 4 ) ).
  ENDMETHOD.

  METHOD keeps_to_what_zip_can.
    DATA(entry) = zcl_longhaul_zip=>pack( path = `a`
                                          data = zcl_longhaul_codec=>to_utf8( `x` ) ).
    DATA(archive) = NEW zcl_longhaul_zip( ).
    archive->restore( entries   = 1
                      position  = 1999999990
                      directory = VALUE #( ) ).
    TRY.
        archive->add( entry ).
        cl_abap_unit_assert=>fail( `further than an offset may go` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = zif_longhaul=>code-git_error ).
    ENDTRY.
    archive->restore( entries   = 65535
                      position  = 0
                      directory = VALUE #( ) ).
    TRY.
        archive->add( entry ).
        cl_abap_unit_assert=>fail( `more entries than can be counted` ).
      CATCH zcx_longhaul.
        cl_abap_unit_assert=>assert_equals(
          act = archive->entries
          exp = 65535 ).
    ENDTRY.
  ENDMETHOD.

  METHOD goes_on_after_restore.
    DATA(data) = zcl_longhaul_codec=>to_utf8( `x` ).
    DATA(first) = zcl_longhaul_zip=>pack( path = `a`
                                          data = data ).
    DATA(second) = zcl_longhaul_zip=>pack( path = `b`
                                           data = data ).
    DATA(whole) = NEW zcl_longhaul_zip( ).
    whole->add( first ).
    DATA(rest) = NEW zcl_longhaul_zip( ).
    rest->restore( entries   = whole->entries
                   position  = whole->position
                   directory = whole->directory( ) ).
    whole->add( second ).
    rest->add( second ).
    cl_abap_unit_assert=>assert_equals(
      act = rest->finish( )
      exp = whole->finish( ) ).
  ENDMETHOD.
ENDCLASS.
