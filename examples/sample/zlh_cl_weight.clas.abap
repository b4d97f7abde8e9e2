"! <p class="shorttext synchronized" lang="en">Weight</p>
"! An immutable, positive weight. It is kept in kilograms, whatever unit it was created with.
CLASS zlh_cl_weight DEFINITION
  PUBLIC
  FINAL
  CREATE PRIVATE.

  PUBLIC SECTION.
    CONSTANTS:
      BEGIN OF units,
        kilogram TYPE msehi VALUE 'KG',
        tonne    TYPE msehi VALUE 'TO',
        pound    TYPE msehi VALUE 'LB',
      END OF units.

    CLASS-METHODS create
      IMPORTING
        amount        TYPE zlh_weight
        unit          TYPE msehi DEFAULT units-kilogram
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_weight
      RAISING
        zlh_cx_freight.

    "! @parameter kilograms | Weight in kilograms; use the method create for other units
    METHODS constructor
      IMPORTING
        kilograms TYPE decfloat34.

    METHODS in_kilograms
      RETURNING
        VALUE(result) TYPE zlh_weight.

    METHODS plus
      IMPORTING
        other         TYPE REF TO zlh_cl_weight
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_weight.

    METHODS is_heavier_than
      IMPORTING
        other         TYPE REF TO zlh_cl_weight
      RETURNING
        VALUE(result) TYPE abap_bool.

    METHODS to_text
      RETURNING
        VALUE(result) TYPE string.

  PROTECTED SECTION.
  PRIVATE SECTION.
    CONSTANTS kilograms_per_pound TYPE decfloat34 VALUE '0.45359237'.

    DATA kilograms TYPE decfloat34.

    CLASS-METHODS get_kilograms_per
      IMPORTING
        unit          TYPE msehi
      RETURNING
        VALUE(result) TYPE decfloat34
      RAISING
        zlh_cx_freight.
ENDCLASS.



CLASS zlh_cl_weight IMPLEMENTATION.


  METHOD constructor.
    me->kilograms = kilograms.
  ENDMETHOD.


  METHOD create.
    IF amount <= 0.
      RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>weight_not_positive ).
    ENDIF.

    result = NEW #( amount * get_kilograms_per( unit ) ).
  ENDMETHOD.


  METHOD get_kilograms_per.
    result = SWITCH #( unit
      WHEN units-kilogram THEN 1
      WHEN units-tonne    THEN 1000
      WHEN units-pound    THEN kilograms_per_pound
      ELSE THROW zlh_cx_freight( textid = zlh_cx_freight=>unit_not_supported
                                 value1 = |{ unit }| ) ).
  ENDMETHOD.


  METHOD in_kilograms.
    result = kilograms.
  ENDMETHOD.


  METHOD is_heavier_than.
    result = xsdbool( kilograms > other->kilograms ).
  ENDMETHOD.


  METHOD plus.
    result = NEW #( kilograms + other->kilograms ).
  ENDMETHOD.


  METHOD to_text.
    result = |{ in_kilograms( ) } kg|.
  ENDMETHOD.
ENDCLASS.
