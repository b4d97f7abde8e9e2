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
    DATA(objects) = NEW zcl_longhaul_selection( catalog )->list( params ).
    DATA(max_listed) = zcl_longhaul_config=>current( )-max_listed.
    IF lines( objects ) > max_listed.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-git_error
          message = |these packages hold more than { max_listed } objects; ask for fewer at once|.
    ENDIF.
    LOOP AT objects INTO DATA(object).
      APPEND |\{"type":{ zcl_longhaul_json=>quote( object-type ) }|
        && |,"name":{ zcl_longhaul_json=>quote( object-name ) }|
        && |,"package":{ zcl_longhaul_json=>quote( object-package ) }\}| TO rows.
    ENDLOOP.
    data = |\{"count":{ lines( rows ) },"objects":[{ concat_lines_of( table = rows
                                                                      sep   = `,` ) }]\}|.
  ENDMETHOD.
ENDCLASS.
