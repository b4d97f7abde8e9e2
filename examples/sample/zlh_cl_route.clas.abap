"! <p class="shorttext synchronized" lang="en">Route of a shipment</p>
"! A gapless sequence of legs: every leg starts where the previous one ends.
CLASS zlh_cl_route DEFINITION
  PUBLIC
  FINAL
  CREATE PRIVATE.

  PUBLIC SECTION.
    CLASS-METHODS create
      IMPORTING
        legs          TYPE zlh_leg_tt
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_route
      RAISING
        zlh_cx_freight.

    "! @parameter legs | Legs that have been checked by the method create
    METHODS constructor
      IMPORTING
        legs TYPE zlh_leg_tt.

    METHODS get_legs
      RETURNING
        VALUE(result) TYPE zlh_leg_tt.

    METHODS get_origin
      RETURNING
        VALUE(result) TYPE zlh_place.

    METHODS get_destination
      RETURNING
        VALUE(result) TYPE zlh_place.

    METHODS get_total_distance
      RETURNING
        VALUE(result) TYPE zlh_distance.

    METHODS get_distance_by_mode
      IMPORTING
        mode          TYPE zlh_mode
      RETURNING
        VALUE(result) TYPE zlh_distance.

    "! All places of the route in travelling order, separated by arrows
    METHODS to_text
      RETURNING
        VALUE(result) TYPE string.

  PROTECTED SECTION.
  PRIVATE SECTION.
    DATA legs TYPE zlh_leg_tt.

    CLASS-METHODS check_legs
      IMPORTING
        legs TYPE zlh_leg_tt
      RAISING
        zlh_cx_freight.
ENDCLASS.



CLASS zlh_cl_route IMPLEMENTATION.


  METHOD check_legs.
    IF legs IS INITIAL.
      RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>route_without_legs ).
    ENDIF.

    DATA(current_place) = legs[ 1 ]-from_place.

    LOOP AT legs INTO DATA(leg).
      IF leg-distance <= 0.
        RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>distance_not_positive
                                            value1 = |{ leg-leg_no }| ).
      ENDIF.

      IF leg-from_place <> current_place.
        RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>route_not_connected
                                            value1 = |{ leg-leg_no }|
                                            value2 = |{ leg-from_place }|
                                            value3 = |{ current_place }| ).
      ENDIF.

      current_place = leg-to_place.
    ENDLOOP.
  ENDMETHOD.


  METHOD constructor.
    me->legs = legs.
  ENDMETHOD.


  METHOD create.
    check_legs( legs ).
    result = NEW #( legs ).
  ENDMETHOD.


  METHOD get_destination.
    result = legs[ lines( legs ) ]-to_place.
  ENDMETHOD.


  METHOD get_distance_by_mode.
    result = REDUCE #( INIT distance TYPE zlh_distance
                       FOR leg IN legs WHERE ( transport_mode = mode )
                       NEXT distance = distance + leg-distance ).
  ENDMETHOD.


  METHOD get_legs.
    result = legs.
  ENDMETHOD.


  METHOD get_origin.
    result = legs[ 1 ]-from_place.
  ENDMETHOD.


  METHOD get_total_distance.
    result = REDUCE #( INIT distance TYPE zlh_distance
                       FOR leg IN legs
                       NEXT distance = distance + leg-distance ).
  ENDMETHOD.


  METHOD to_text.
    result = REDUCE #( INIT text = |{ get_origin( ) }|
                       FOR leg IN legs
                       NEXT text = |{ text } > { leg-to_place }| ).
  ENDMETHOD.
ENDCLASS.
