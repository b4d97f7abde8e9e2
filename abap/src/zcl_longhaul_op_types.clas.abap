"! <p class="shorttext synchronized">longhaul: git.getTypes</p>
CLASS zcl_longhaul_op_types DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_query.

    METHODS constructor
      IMPORTING serializer TYPE REF TO zif_longhaul_serializer.

  PRIVATE SECTION.
    DATA serializer TYPE REF TO zif_longhaul_serializer.
ENDCLASS.



CLASS zcl_longhaul_op_types IMPLEMENTATION.


  METHOD constructor.
    me->serializer = serializer.
  ENDMETHOD.


  METHOD zif_longhaul_query~answer.
    DATA quoted TYPE string_table.
    DATA(types) = serializer->types( ).
    SORT types.
    LOOP AT types INTO DATA(type).
      APPEND zcl_longhaul_json=>quote( type ) TO quoted.
    ENDLOOP.
    data = |\{"count":{ lines( quoted ) },"types":[{ concat_lines_of( table = quoted
                                                                      sep   = `,` ) }]\}|.
  ENDMETHOD.
ENDCLASS.
