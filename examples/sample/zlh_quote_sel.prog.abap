*&---------------------------------------------------------------------*
*& Include ZLH_QUOTE_SEL
*&---------------------------------------------------------------------*
*& Selection screen of report ZLH_QUOTE
*&---------------------------------------------------------------------*
SELECTION-SCREEN BEGIN OF BLOCK shipment WITH FRAME TITLE TEXT-b01.
PARAMETERS p_shipm TYPE zlh_shipment_id OBLIGATORY.
PARAMETERS p_date  TYPE zlh_quoted_on OBLIGATORY DEFAULT sy-datum.
PARAMETERS p_save  AS CHECKBOX DEFAULT abap_false.
SELECTION-SCREEN END OF BLOCK shipment.
