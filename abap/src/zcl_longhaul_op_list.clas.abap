"! <p class="shorttext synchronized">longhaul: git.list</p>
CLASS zcl_longhaul_op_list DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_query.

    METHODS constructor
      IMPORTING catalog TYPE REF TO zif_longhaul_catalog.

  PRIVATE SECTION.
    DATA catalog TYPE REF TO zif_longhaul_catalog.
ENDCLASS.



CLASS zcl_longhaul_op_list IMPLEMENTATION.


  METHOD constructor.
    me->catalog = catalog.
  ENDMETHOD.


  METHOD zif_longhaul_query~answer.
    DATA rows TYPE string_table.
    LOOP AT NEW zcl_longhaul_selection( catalog )->list( params ) INTO DATA(object).
      APPEND |\{"type":{ zcl_longhaul_json=>quote( object-type ) }|
        && |,"name":{ zcl_longhaul_json=>quote( object-name ) }|
        && |,"package":{ zcl_longhaul_json=>quote( object-package ) }\}| TO rows.
    ENDLOOP.
    data = |\{"count":{ lines( rows ) },"objects":[{ concat_lines_of( table = rows
                                                                      sep   = `,` ) }]\}|.
  ENDMETHOD.
ENDCLASS.
