"! <p class="shorttext synchronized" lang="en">Shipment</p>
CLASS zlh_cl_shipment DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    "! Fixed values of domain ZLH_STATUS
    CONSTANTS:
      BEGIN OF statuses,
        open   TYPE zlh_status VALUE 'O',
        quoted TYPE zlh_status VALUE 'Q',
        closed TYPE zlh_status VALUE 'C',
      END OF statuses.

    "! Number of a shipment as users know it, without leading zeros
    CLASS-METHODS to_external_id
      IMPORTING
        shipment_id   TYPE zlh_shipment_id
      RETURNING
        VALUE(result) TYPE string.

    METHODS constructor
      IMPORTING
        header TYPE zlh_shipment
        route  TYPE REF TO zlh_cl_route
      RAISING
        zlh_cx_freight.

    METHODS get_id
      RETURNING
        VALUE(result) TYPE zlh_shipment_id.

    METHODS get_external_id
      RETURNING
        VALUE(result) TYPE string.

    METHODS get_header
      RETURNING
        VALUE(result) TYPE zlh_shipment.

    METHODS get_route
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_route.

    METHODS get_weight
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_weight.

    METHODS get_pickup_on
      RETURNING
        VALUE(result) TYPE zlh_pickup_on.

    METHODS is_closed
      RETURNING
        VALUE(result) TYPE abap_bool.

    METHODS mark_as_quoted
      RAISING
        zlh_cx_freight.

  PROTECTED SECTION.
  PRIVATE SECTION.
    DATA header TYPE zlh_shipment.
    DATA route  TYPE REF TO zlh_cl_route.
    DATA weight TYPE REF TO zlh_cl_weight.
ENDCLASS.



CLASS zlh_cl_shipment IMPLEMENTATION.


  METHOD constructor.
    me->header = header.
    me->route = route.
    weight = zlh_cl_weight=>create( amount = header-weight
                                    unit   = header-weight_unit ).
  ENDMETHOD.


  METHOD get_external_id.
    result = to_external_id( header-shipment_id ).
  ENDMETHOD.


  METHOD get_header.
    result = header.
  ENDMETHOD.


  METHOD get_id.
    result = header-shipment_id.
  ENDMETHOD.


  METHOD get_pickup_on.
    result = header-pickup_on.
  ENDMETHOD.


  METHOD get_route.
    result = route.
  ENDMETHOD.


  METHOD get_weight.
    result = weight.
  ENDMETHOD.


  METHOD is_closed.
    result = xsdbool( header-status = statuses-closed ).
  ENDMETHOD.


  METHOD mark_as_quoted.
    IF is_closed( ).
      RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>shipment_closed
                                          value1 = get_external_id( ) ).
    ENDIF.

    header-status = statuses-quoted.
  ENDMETHOD.


  METHOD to_external_id.
    result = condense( |{ shipment_id ALPHA = OUT }| ).
  ENDMETHOD.
ENDCLASS.
