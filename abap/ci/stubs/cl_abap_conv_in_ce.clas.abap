CLASS cl_abap_conv_in_ce DEFINITION PUBLIC CREATE PRIVATE.
  PUBLIC SECTION.
    TYPES character TYPE c LENGTH 1.
    CLASS-METHODS uccp
      IMPORTING uccp        TYPE csequence
      RETURNING VALUE(char) TYPE character.
ENDCLASS.

CLASS cl_abap_conv_in_ce IMPLEMENTATION.
  METHOD uccp.
    WRITE '@KERNEL char.set(String.fromCharCode(parseInt(uccp.get(), 16)));'.
  ENDMETHOD.
ENDCLASS.
