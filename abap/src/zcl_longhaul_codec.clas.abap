"! <p class="shorttext synchronized">longhaul: bytes and texts, by what SAP provides</p>
"! The only place that knows the SAP classes for checksums, encodings and compression.
CLASS zcl_longhaul_codec DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    "! SHA-256 of what is fed in piece by piece
    TYPES hash TYPE REF TO cl_abap_message_digest.

    TYPES byte_parts TYPE STANDARD TABLE OF xstring WITH EMPTY KEY.

    CLASS-METHODS to_utf8
      IMPORTING text         TYPE string
      RETURNING VALUE(bytes) TYPE xstring.

    CLASS-METHODS to_base64
      IMPORTING bytes       TYPE xstring
      RETURNING VALUE(text) TYPE string.

    CLASS-METHODS from_base64
      IMPORTING text         TYPE string
      RETURNING VALUE(bytes) TYPE xstring.

    "! CRC-32 of ZIP, the most significant byte first
    CLASS-METHODS crc32
      IMPORTING bytes        TYPE xstring
      RETURNING VALUE(crc32) TYPE xstring.

    "! Raw DEFLATE, without header and trailer
    CLASS-METHODS deflate
      IMPORTING bytes           TYPE xstring
      RETURNING VALUE(deflated) TYPE xstring
      RAISING   zcx_longhaul.

    CLASS-METHODS sha256_begin
      RETURNING VALUE(digest) TYPE hash
      RAISING   zcx_longhaul.

    CLASS-METHODS sha256_add
      IMPORTING
        digest TYPE hash
        bytes  TYPE xstring
      RAISING
        zcx_longhaul.

    "! The digest in lower case; ends it
    CLASS-METHODS sha256_end
      IMPORTING digest     TYPE hash
      RETURNING VALUE(hex) TYPE string
      RAISING   zcx_longhaul.

    CLASS-METHODS sha256
      IMPORTING bytes      TYPE xstring
      RETURNING VALUE(hex) TYPE string
      RAISING   zcx_longhaul.

    "! 32 characters that have not been there before
    CLASS-METHODS unique
      RETURNING VALUE(text) TYPE string
      RAISING   zcx_longhaul.

    "! Lower case, two digits for each byte
    CLASS-METHODS hex
      IMPORTING bytes       TYPE xsequence
      RETURNING VALUE(text) TYPE string.

    "! The character with this code in UTF-16, four hex digits in upper case
    CLASS-METHODS character
      IMPORTING code             TYPE string
      RETURNING VALUE(character) TYPE string.

    "! All these bytes in a row
    CLASS-METHODS join
      IMPORTING parts        TYPE byte_parts
      RETURNING VALUE(bytes) TYPE xstring.

    "! So many bytes, the least significant first
    CLASS-METHODS little_endian
      IMPORTING
        number       TYPE zif_longhaul=>count
        length       TYPE i
      RETURNING
        VALUE(bytes) TYPE xstring.

  PRIVATE SECTION.
    CLASS-METHODS failed
      IMPORTING previous         TYPE REF TO cx_root
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_codec IMPLEMENTATION.


  METHOD character.
    DATA one TYPE c LENGTH 1.
    one = cl_abap_conv_in_ce=>uccp( code ).
    " A blank would be cut off as a trailing one.
    character = COND #( WHEN one IS INITIAL THEN ` ` ELSE one ).
  ENDMETHOD.


  METHOD crc32.
    DATA number TYPE x LENGTH 4.
    number = cl_abap_zip=>crc32( bytes ).
    crc32 = number.
  ENDMETHOD.


  METHOD deflate.
    TRY.
        cl_abap_gzip=>compress_binary(
          EXPORTING
            raw_in   = bytes
          IMPORTING
            gzip_out = deflated ).
      CATCH cx_parameter_invalid_range INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD failed.
    exception = zcx_longhaul=>unforeseen( previous ).
  ENDMETHOD.


  METHOD from_base64.
    bytes = cl_http_utility=>decode_x_base64( text ).
  ENDMETHOD.


  METHOD hex.
    text = |{ bytes }|.
    text = to_lower( text ).
  ENDMETHOD.


  METHOD join.
    CONCATENATE LINES OF parts INTO bytes IN BYTE MODE.
  ENDMETHOD.


  METHOD little_endian.
    DATA byte TYPE x LENGTH 1.
    DATA(rest) = number.
    DO length TIMES.
      byte = rest MOD 256.
      rest = rest DIV 256.
      CONCATENATE bytes byte INTO bytes IN BYTE MODE.
    ENDDO.
  ENDMETHOD.


  METHOD sha256.
    DATA(digest) = sha256_begin( ).
    sha256_add(
      digest = digest
      bytes  = bytes ).
    hex = sha256_end( digest ).
  ENDMETHOD.


  METHOD sha256_add.
    TRY.
        digest->update( bytes ).
      CATCH cx_abap_message_digest INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD sha256_begin.
    TRY.
        digest = cl_abap_message_digest=>get_instance( `SHA256` ).
      CATCH cx_abap_message_digest INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD sha256_end.
    TRY.
        digest->digest( ).
        hex = to_lower( digest->to_string( ) ).
      CATCH cx_abap_message_digest INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD to_base64.
    text = cl_http_utility=>encode_x_base64( bytes ).
  ENDMETHOD.


  METHOD to_utf8.
    bytes = cl_abap_codepage=>convert_to( text ).
  ENDMETHOD.


  METHOD unique.
    TRY.
        text = cl_system_uuid=>create_uuid_c32_static( ).
      CATCH cx_uuid_error INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
