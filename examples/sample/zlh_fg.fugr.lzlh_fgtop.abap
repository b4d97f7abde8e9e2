FUNCTION-POOL zlh_fg.                       "MESSAGE-ID ..

"! Converts exceptions to the messages of a remote caller
CLASS lcl_return DEFINITION FINAL.

  PUBLIC SECTION.
    CLASS-METHODS from_exception
      IMPORTING
        error         TYPE REF TO zlh_cx_freight
      RETURNING
        VALUE(result) TYPE bapirettab.
ENDCLASS.
