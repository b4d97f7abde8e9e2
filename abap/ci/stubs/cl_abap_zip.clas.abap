CLASS cl_abap_zip DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    CLASS-METHODS crc32
      IMPORTING content      TYPE xstring
      RETURNING VALUE(crc32) TYPE i.
ENDCLASS.

CLASS cl_abap_zip IMPLEMENTATION.
  METHOD crc32.
    WRITE '@KERNEL crc32.set(globalThis.longhaulNative.crc32(content.get()));'.
  ENDMETHOD.
ENDCLASS.
