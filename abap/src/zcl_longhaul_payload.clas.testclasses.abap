CLASS ltcl_payload DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS cuts_into_chunks_of_one_size FOR TESTING RAISING cx_static_check.
    METHODS is_empty_without_bytes FOR TESTING RAISING cx_static_check.
    METHODS flushes_what_there_is FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_restore FOR TESTING RAISING cx_static_check.
    METHODS gives_new_chunks_once FOR TESTING RAISING cx_static_check.
    METHODS drops_what_is_not_needed FOR TESTING RAISING cx_static_check.
    METHODS refuses_too_many_chunks FOR TESTING RAISING cx_static_check.
    METHODS refuses_too_much FOR TESTING RAISING cx_static_check.

    METHODS payload
      IMPORTING max_bytes      TYPE i DEFAULT 30
      RETURNING VALUE(payload) TYPE REF TO zcl_longhaul_payload
      RAISING   cx_static_check.
    METHODS assert_chunk
      IMPORTING
        payload TYPE REF TO zcl_longhaul_payload
        seq     TYPE i
        offset  TYPE i
        text    TYPE string.
ENDCLASS.


CLASS ltcl_payload IMPLEMENTATION.

  METHOD cuts_into_chunks_of_one_size.
    DATA(payload) = payload( ).
    payload->write( zcl_longhaul_codec=>to_utf8( `hel` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunks
      exp = 0 ).
    payload->write( zcl_longhaul_codec=>to_utf8( `lo world, hello wor` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunks
      exp = 3 ).
    payload->write( zcl_longhaul_codec=>to_utf8( `ld` ) ).
    payload->close( ).
    assert_chunk( payload = payload
                  seq     = 1
                  offset  = 0
                  text    = `hello ` ).
    assert_chunk( payload = payload
                  seq     = 3
                  offset  = 12
                  text    = ` hello` ).
    assert_chunk( payload = payload
                  seq     = 4
                  offset  = 18
                  text    = ` world` ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunk( 5 )-seq
      exp = 0 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->cut_bytes
      exp = 24 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->sha256( )
      exp = zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( `hello world, hello world` ) ) ).
  ENDMETHOD.

  METHOD is_empty_without_bytes.
    DATA(payload) = payload( ).
    payload->close( ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunks
      exp = 0 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->sha256( )
      exp = `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` ).
  ENDMETHOD.

  METHOD flushes_what_there_is.
    DATA(payload) = payload( ).
    payload->write( zcl_longhaul_codec=>to_utf8( `ab` ) ).
    payload->flush( ).
    payload->flush( ).
    payload->write( zcl_longhaul_codec=>to_utf8( `cdefghij` ) ).
    payload->close( ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunks
      exp = 3 ).
    assert_chunk( payload = payload
                  seq     = 2
                  offset  = 2
                  text    = `cdefgh` ).
  ENDMETHOD.

  METHOD goes_on_after_restore.
    DATA(digest) = zcl_longhaul_codec=>sha256_begin( ).
    zcl_longhaul_codec=>sha256_add( digest = digest
                                    bytes  = zcl_longhaul_codec=>to_utf8( `hello wo` ) ).
    DATA(payload) = payload( ).
    payload->restore( chunks    = 1
                      cut_bytes = 6
                      tail      = zcl_longhaul_codec=>to_utf8( `wo` )
                      digest    = digest ).
    payload->write( zcl_longhaul_codec=>to_utf8( `rld` ) ).
    payload->close( ).
    assert_chunk( payload = payload
                  seq     = 2
                  offset  = 6
                  text    = `world` ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->sha256( )
      exp = zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( `hello world` ) ) ).
    " What was there before is not new.
    cl_abap_unit_assert=>assert_equals(
      act = lines( payload->take_new( ) )
      exp = 1 ).
  ENDMETHOD.

  METHOD gives_new_chunks_once.
    DATA(payload) = payload( ).
    payload->write( zcl_longhaul_codec=>to_utf8( `aaaaaabbbbbb` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( payload->take_new( ) )
      exp = 2 ).
    cl_abap_unit_assert=>assert_initial( payload->take_new( ) ).
  ENDMETHOD.

  METHOD drops_what_is_not_needed.
    DATA(payload) = payload( ).
    payload->write( zcl_longhaul_codec=>to_utf8( `aaaaaabbbbbbccccccdddddd` ) ).
    payload->drop( 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->count_held( )
      exp = 3 ).
    " Nobody else has the new ones.
    payload->thin_out( 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->count_held( )
      exp = 3 ).
    payload->take_new( ).
    payload->thin_out( 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = payload->count_held( )
      exp = 1 ).
    assert_chunk( payload = payload
                  seq     = 4
                  offset  = 18
                  text    = `dddddd` ).
  ENDMETHOD.

  METHOD refuses_too_much.
    DATA(payload) = payload( ).
    payload->write( zcl_longhaul_codec=>to_utf8( repeat( val = `x`
                                                         occ = 30 ) ) ).
    TRY.
        payload->write( CONV #( `00` ) ).
        cl_abap_unit_assert=>fail( `more than it may have` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = `TEST_ERROR` ).
    ENDTRY.
  ENDMETHOD.

  METHOD refuses_too_many_chunks.
    DATA(payload) = payload( 1000 ).
    payload->write( zcl_longhaul_codec=>to_utf8( repeat( val = `x`
                                                         occ = 17 ) ) ).
    TRY.
        " One more fits, and four do not.
        payload->write( zcl_longhaul_codec=>to_utf8( repeat( val = `x`
                                                             occ = 19 ) ) ).
        cl_abap_unit_assert=>fail( `more than it may have` ).
      CATCH zcx_longhaul INTO DATA(error).
        cl_abap_unit_assert=>assert_equals(
          act = error->code
          exp = `TEST_ERROR` ).
    ENDTRY.
    cl_abap_unit_assert=>assert_equals(
      act = payload->chunks
      exp = 2 ).
  ENDMETHOD.

  METHOD payload.
    payload = NEW #( chunk_bytes = 6
                     max_bytes   = max_bytes
                     max_chunks  = 5
                     error_code  = `TEST_ERROR` ).
  ENDMETHOD.

  METHOD assert_chunk.
    DATA(chunk) = payload->chunk( seq ).
    cl_abap_unit_assert=>assert_equals(
      act = chunk-offset
      exp = offset ).
    cl_abap_unit_assert=>assert_equals(
      act = chunk-data
      exp = zcl_longhaul_codec=>to_utf8( text ) ).
  ENDMETHOD.
ENDCLASS.
