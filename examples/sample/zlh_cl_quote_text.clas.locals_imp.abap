"! Amount with the symbol of its currency
CLASS lcl_money DEFINITION FINAL.

  PUBLIC SECTION.
    CLASS-METHODS to_text
      IMPORTING
        amount        TYPE zlh_cost
        currency      TYPE waers
      RETURNING
        VALUE(result) TYPE string.

  PRIVATE SECTION.
    CLASS-METHODS get_symbol
      IMPORTING
        currency      TYPE waers
      RETURNING
        VALUE(result) TYPE string.
ENDCLASS.


CLASS lcl_money IMPLEMENTATION.

  METHOD to_text.
    result = |{ amount CURRENCY = currency } { get_symbol( currency ) }|.
  ENDMETHOD.


  METHOD get_symbol.
    result = SWITCH #( currency
      WHEN 'EUR' THEN `€`
      WHEN 'GBP' THEN `£`
      WHEN 'USD' THEN `$`
      ELSE |{ currency }| ).
  ENDMETHOD.

ENDCLASS.


"! Row of a table with columns of fixed width
CLASS lcl_row DEFINITION FINAL.

  PUBLIC SECTION.
    METHODS add_left
      IMPORTING
        text          TYPE clike
        width         TYPE i
      RETURNING
        VALUE(result) TYPE REF TO lcl_row.

    METHODS add_right
      IMPORTING
        text          TYPE clike
        width         TYPE i
      RETURNING
        VALUE(result) TYPE REF TO lcl_row.

    METHODS to_text
      RETURNING
        VALUE(result) TYPE string.

  PRIVATE SECTION.
    DATA content TYPE string.
ENDCLASS.


CLASS lcl_row IMPLEMENTATION.

  METHOD add_left.
    content = |{ content }{ text WIDTH = width ALIGN = LEFT }|.
    result = me.
  ENDMETHOD.


  METHOD add_right.
    content = |{ content }{ text WIDTH = width ALIGN = RIGHT }|.
    result = me.
  ENDMETHOD.


  METHOD to_text.
    result = content.
  ENDMETHOD.

ENDCLASS.
