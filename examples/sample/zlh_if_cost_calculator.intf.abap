"! <p class="shorttext synchronized" lang="en">Calculates the quote for a shipment</p>
INTERFACE zlh_if_cost_calculator
  PUBLIC.

  METHODS calculate
    IMPORTING
      shipment      TYPE REF TO zlh_cl_shipment
      quoted_on     TYPE zlh_quoted_on
    RETURNING
      VALUE(result) TYPE REF TO zlh_cl_quote
    RAISING
      zlh_cx_freight.

ENDINTERFACE.
