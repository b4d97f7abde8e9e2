*&---------------------------------------------------------------------*
*& Report ZLH_QUOTE
*&---------------------------------------------------------------------*
*& Prints the freight quote for a stored shipment. Run ZLH_DEMO_FILL
*& first to get some shipments and tariffs.
*&---------------------------------------------------------------------*
REPORT zlh_quote LINE-SIZE 132 NO STANDARD PAGE HEADING.

INCLUDE zlh_quote_sel.

CLASS lcl_report DEFINITION FINAL.

  PUBLIC SECTION.
    METHODS run.

  PRIVATE SECTION.
    METHODS calculate_quote
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_quote
      RAISING
        zlh_cx_freight.

    METHODS print
      IMPORTING
        lines TYPE string_table.
ENDCLASS.


CLASS lcl_report IMPLEMENTATION.

  METHOD run.
    TRY.
        DATA(quote) = calculate_quote( ).
        DATA(format) = CAST zlh_if_quote_format( NEW zlh_cl_quote_text( ) ).
        print( format->render( quote ) ).
      CATCH zlh_cx_freight INTO DATA(error).
        MESSAGE error TYPE 'S' DISPLAY LIKE 'E'.
    ENDTRY.
  ENDMETHOD.


  METHOD calculate_quote.
    DATA(service) = zlh_cl_quote_service=>create_default( ).

    IF p_save = abap_false.
      result = service->quote_shipment( shipment_id = p_shipm
                                        quoted_on   = p_date ).
      RETURN.
    ENDIF.

    result = service->quote_and_save_shipment( shipment_id = p_shipm
                                               quoted_on   = p_date ).
    COMMIT WORK.
  ENDMETHOD.


  METHOD print.
    LOOP AT lines INTO DATA(line).
      WRITE / line.
    ENDLOOP.
  ENDMETHOD.

ENDCLASS.

START-OF-SELECTION.
  NEW lcl_report( )->run( ).
