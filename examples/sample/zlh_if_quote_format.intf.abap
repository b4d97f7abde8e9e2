"! <p class="shorttext synchronized" lang="en">Renders a quote as lines of text</p>
INTERFACE zlh_if_quote_format
  PUBLIC.

  METHODS render
    IMPORTING
      quote         TYPE REF TO zlh_cl_quote
    RETURNING
      VALUE(result) TYPE string_table.

ENDINTERFACE.
