CLASS zcx_abapgit_exception DEFINITION PUBLIC INHERITING FROM cx_static_check CREATE PUBLIC.
  PUBLIC SECTION.
    DATA text TYPE string READ-ONLY.
    METHODS constructor
      IMPORTING text TYPE string.
    METHODS if_message~get_text REDEFINITION.
ENDCLASS.

CLASS zcx_abapgit_exception IMPLEMENTATION.
  METHOD constructor.
    super->constructor( ).
    me->text = text.
  ENDMETHOD.

  METHOD if_message~get_text.
    result = text.
  ENDMETHOD.
ENDCLASS.
