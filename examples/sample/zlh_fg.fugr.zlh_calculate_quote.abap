FUNCTION zlh_calculate_quote.
*"----------------------------------------------------------------------
*"*"Local Interface:
*"  IMPORTING
*"     VALUE(IV_SHIPMENT_ID) TYPE  ZLH_SHIPMENT_ID
*"     VALUE(IV_QUOTED_ON) TYPE  ZLH_QUOTED_ON DEFAULT SY-DATUM
*"  EXPORTING
*"     VALUE(ES_QUOTE) TYPE  ZLH_QUOTE_HEAD
*"     VALUE(ET_ITEMS) TYPE  ZLH_COST_ITEM_TT
*"     VALUE(ET_RETURN) TYPE  BAPIRETTAB
*"----------------------------------------------------------------------
  CLEAR: es_quote, et_items, et_return.

  TRY.
      DATA(service) = zlh_cl_quote_service=>create_default( ).
      DATA(quote) = service->quote_shipment( shipment_id = iv_shipment_id
                                             quoted_on   = iv_quoted_on ).

      es_quote = quote->get_head( ).
      et_items = quote->get_items( ).
    CATCH zlh_cx_freight INTO DATA(error).
      et_return = lcl_return=>from_exception( error ).
  ENDTRY.
ENDFUNCTION.
