CLASS ltcl_codec DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS crc_and_digest FOR TESTING RAISING cx_static_check.
    METHODS digest_in_pieces FOR TESTING RAISING cx_static_check.
    METHODS base64_both_ways FOR TESTING.
    METHODS least_byte_first FOR TESTING.
    METHODS blank_is_a_character FOR TESTING.
ENDCLASS.


CLASS ltcl_codec IMPLEMENTATION.

  METHOD crc_and_digest.
    " The chunks of PROTOCOL 6.1.
    DATA(hello) = zcl_longhaul_codec=>to_utf8( `hello ` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>hex( zcl_longhaul_codec=>crc32( hello ) )
      exp = `ed81f9f6` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>hex( zcl_longhaul_codec=>crc32( zcl_longhaul_codec=>to_utf8( `world` ) ) )
      exp = `3a771143` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>hex( zcl_longhaul_codec=>crc32( VALUE #( ) ) )
      exp = `00000000` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( `hello world` ) )
      exp = `b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9` ).
  ENDMETHOD.

  METHOD digest_in_pieces.
    DATA(digest) = zcl_longhaul_codec=>sha256_begin( ).
    zcl_longhaul_codec=>sha256_add( digest = digest
                                    bytes  = zcl_longhaul_codec=>to_utf8( `hello ` ) ).
    zcl_longhaul_codec=>sha256_add( digest = digest
                                    bytes  = zcl_longhaul_codec=>to_utf8( `world` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>sha256_end( digest )
      exp = `b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9` ).
  ENDMETHOD.

  METHOD base64_both_ways.
    DATA(bytes) = CONV xstring( `00FF10` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>to_base64( bytes )
      exp = `AP8Q` ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>from_base64( `AP8Q` )
      exp = bytes ).
  ENDMETHOD.

  METHOD least_byte_first.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>little_endian( number = 16909060
                                               length = 4 )
      exp = CONV xstring( `04030201` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_codec=>little_endian( number = 2147483647
                                               length = 8 )
      exp = CONV xstring( `FFFFFF7F00000000` ) ).
  ENDMETHOD.

  METHOD blank_is_a_character.
    cl_abap_unit_assert=>assert_equals(
      act = strlen( zcl_longhaul_codec=>character( `0020` ) )
      exp = 1 ).
  ENDMETHOD.
ENDCLASS.
