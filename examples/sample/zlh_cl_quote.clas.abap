"! <p class="shorttext synchronized" lang="en">Freight quote</p>
CLASS zlh_cl_quote DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    CONSTANTS validity_in_days TYPE i VALUE 14.

    METHODS constructor
      IMPORTING
        shipment  TYPE REF TO zlh_cl_shipment
        items     TYPE zlh_cost_item_tt
        quoted_on TYPE zlh_quoted_on.

    METHODS get_head
      RETURNING
        VALUE(result) TYPE zlh_quote_head.

    METHODS get_items
      RETURNING
        VALUE(result) TYPE zlh_cost_item_tt.

    METHODS get_shipment
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment.

    METHODS get_base_cost
      RETURNING
        VALUE(result) TYPE zlh_cost.

    METHODS get_surcharge
      RETURNING
        VALUE(result) TYPE zlh_cost.

    METHODS get_total_cost
      RETURNING
        VALUE(result) TYPE zlh_cost.

    METHODS get_currency
      RETURNING
        VALUE(result) TYPE waers.

    METHODS get_valid_until
      RETURNING
        VALUE(result) TYPE zlh_valid_to.

  PROTECTED SECTION.
  PRIVATE SECTION.
    DATA shipment  TYPE REF TO zlh_cl_shipment.
    DATA items     TYPE zlh_cost_item_tt.
    DATA quoted_on TYPE zlh_quoted_on.
ENDCLASS.



CLASS zlh_cl_quote IMPLEMENTATION.


  METHOD constructor.
    me->shipment = shipment.
    me->items = items.
    me->quoted_on = quoted_on.
  ENDMETHOD.


  METHOD get_base_cost.
    result = REDUCE #( INIT cost TYPE zlh_cost
                       FOR item IN items
                       NEXT cost = cost + item-base_cost ).
  ENDMETHOD.


  METHOD get_currency.
    result = VALUE #( items[ 1 ]-currency OPTIONAL ).
  ENDMETHOD.


  METHOD get_head.
    DATA(route) = shipment->get_route( ).

    result = VALUE #( shipment_id    = shipment->get_id( )
                      origin         = route->get_origin( )
                      destination    = route->get_destination( )
                      quoted_on      = quoted_on
                      valid_until    = get_valid_until( )
                      total_distance = route->get_total_distance( )
                      weight         = shipment->get_weight( )->in_kilograms( )
                      weight_unit    = zlh_cl_weight=>units-kilogram
                      base_cost      = get_base_cost( )
                      surcharge      = get_surcharge( )
                      total_cost     = get_total_cost( )
                      currency       = get_currency( ) ).
  ENDMETHOD.


  METHOD get_items.
    result = items.
  ENDMETHOD.


  METHOD get_shipment.
    result = shipment.
  ENDMETHOD.


  METHOD get_surcharge.
    result = REDUCE #( INIT cost TYPE zlh_cost
                       FOR item IN items
                       NEXT cost = cost + item-surcharge ).
  ENDMETHOD.


  METHOD get_total_cost.
    result = REDUCE #( INIT cost TYPE zlh_cost
                       FOR item IN items
                       NEXT cost = cost + item-total_cost ).
  ENDMETHOD.


  METHOD get_valid_until.
    result = quoted_on + validity_in_days.
  ENDMETHOD.
ENDCLASS.
