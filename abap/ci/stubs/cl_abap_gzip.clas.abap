CLASS cl_abap_gzip DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    CLASS-METHODS compress_binary
      IMPORTING
        raw_in         TYPE xsequence
        raw_in_len     TYPE i DEFAULT -1
        compress_level TYPE i DEFAULT 6
      EXPORTING
        gzip_out       TYPE xsequence
        gzip_out_len   TYPE i
      RAISING
        cx_parameter_invalid_range.
ENDCLASS.

CLASS cl_abap_gzip IMPLEMENTATION.
  METHOD compress_binary.
    ASSERT raw_in_len = -1 AND compress_level = 6.
    WRITE '@KERNEL gzip_out.set(globalThis.longhaulNative.deflate(raw_in.get()));'.
    gzip_out_len = xstrlen( gzip_out ).
  ENDMETHOD.
ENDCLASS.
