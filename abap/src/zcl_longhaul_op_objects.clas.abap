"! <p class="shorttext synchronized">longhaul: work on objects, one after the other</p>
"! What exports and checks have in common: which objects, how far, what was left out and why.
CLASS zcl_longhaul_op_objects DEFINITION PUBLIC ABSTRACT CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_operation
      ABSTRACT METHODS answer finish has_records result.

    METHODS constructor
      IMPORTING
        catalog    TYPE REF TO zif_longhaul_catalog
        authority  TYPE REF TO zif_longhaul_authority
        error_code TYPE string.

  PROTECTED SECTION.
    TYPES:
      BEGIN OF skipped_object,
        type   TYPE string,
        name   TYPE string,
        reason TYPE string,
      END OF skipped_object.

    DATA objects TYPE zif_longhaul_catalog=>objects.
    DATA skipped TYPE STANDARD TABLE OF skipped_object WITH EMPTY KEY.

    "! Before anything is selected
    METHODS check_available
      RAISING zcx_longhaul.

    "! Does one object, or leaves it out; what it raises ends the operation
    METHODS work
      IMPORTING
        object TYPE zif_longhaul_catalog=>object
        sink   TYPE REF TO zif_longhaul_sink
      RAISING
        zcx_longhaul.

    "! Members of a JSON object for state, each with a comma before it
    METHODS more_state
      RETURNING VALUE(json) TYPE string.

    METHODS restore_more
      IMPORTING state TYPE REF TO zcl_longhaul_json.

    "! Names an object that the result does not have, with the reason
    METHODS leave_out
      IMPORTING
        object TYPE zif_longhaul_catalog=>object
        code   TYPE string
        reason TYPE string
        sink   TYPE REF TO zif_longhaul_sink.

    "! What was left out as JSON
    METHODS skipped_as_json
      RETURNING VALUE(json) TYPE string.

  PRIVATE SECTION.
    DATA catalog TYPE REF TO zif_longhaul_catalog.
    DATA authority TYPE REF TO zif_longhaul_authority.
    DATA error_code TYPE string.
    DATA count_done TYPE i.
ENDCLASS.



CLASS zcl_longhaul_op_objects IMPLEMENTATION.


  METHOD check_available.
    " Nothing is needed but what a system has.
  ENDMETHOD.


  METHOD constructor.
    me->catalog = catalog.
    me->authority = authority.
    me->error_code = error_code.
  ENDMETHOD.


  METHOD leave_out.
    APPEND VALUE #( type   = object-type
                    name   = object-name
                    reason = reason ) TO skipped.
    sink->warn( item    = zcl_longhaul_selection=>label( object )
                code    = code
                message = reason ).
  ENDMETHOD.


  METHOD more_state.
    json = ``.
  ENDMETHOD.


  METHOD restore_more.
    " For those that have more.
  ENDMETHOD.


  METHOD skipped_as_json.
    DATA parts TYPE string_table.
    LOOP AT skipped INTO DATA(object).
      APPEND |\{"type":{ zcl_longhaul_json=>quote( object-type ) }|
        && |,"name":{ zcl_longhaul_json=>quote( object-name ) }|
        && |,"reason":{ zcl_longhaul_json=>quote( object-reason ) }\}| TO parts.
    ENDLOOP.
    json = |[{ concat_lines_of( table = parts
                                sep   = `,` ) }]|.
  ENDMETHOD.


  METHOD work.
    " For those that inherit.
  ENDMETHOD.


  METHOD zif_longhaul_operation~done.
    done = count_done.
  ENDMETHOD.


  METHOD zif_longhaul_operation~error_code.
    code = error_code.
  ENDMETHOD.


  METHOD zif_longhaul_operation~label.
    READ TABLE objects INDEX count_done + 1 INTO DATA(object).
    IF sy-subrc = 0.
      label = zcl_longhaul_selection=>label( object ).
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_operation~plan.
    DATA parts TYPE string_table.
    LOOP AT objects INTO DATA(object).
      APPEND |[{ zcl_longhaul_json=>quote( object-type ) },{ zcl_longhaul_json=>quote( object-name ) }|
        && |,{ zcl_longhaul_json=>quote( object-package ) }]| TO parts.
    ENDLOOP.
    plan = |\{"objects":[{ concat_lines_of( table = parts
                                            sep   = `,` ) }]\}|.
  ENDMETHOD.


  METHOD zif_longhaul_operation~prepare.
    check_available( ).
    objects = NEW zcl_longhaul_selection( catalog )->select(
      params     = params
      error_code = error_code ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~restore.
    LOOP AT plan->items_of( `objects` ) INTO DATA(row).
      DATA(columns) = row->items.
      APPEND VALUE #( type    = columns[ 1 ]->text
                      name    = columns[ 2 ]->text
                      package = columns[ 3 ]->text ) TO objects.
    ENDLOOP.
    count_done = state->count_of( `done` ).
    LOOP AT state->items_of( `skipped` ) INTO DATA(object).
      APPEND VALUE #( type   = object->text_of( `type` )
                      name   = object->text_of( `name` )
                      reason = object->text_of( `reason` ) ) TO skipped.
    ENDLOOP.
    restore_more( state ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~skip.
    DATA(object) = objects[ count_done + 1 ].
    count_done = count_done + 1.
    leave_out( object = object
               code   = `SESSION_ENDED`
               reason = `it ended the sessions that worked on it`
               sink   = sink ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~state.
    state = |\{"done":{ count_done },"skipped":{ skipped_as_json( ) }{ more_state( ) }\}|.
  ENDMETHOD.


  METHOD zif_longhaul_operation~step.
    DATA(object) = objects[ count_done + 1 ].
    count_done = count_done + 1.
    IF object-package IS INITIAL.
      leave_out( object = object
                 code   = `NOT_FOUND`
                 reason = `object does not exist`
                 sink   = sink ).
      RETURN.
    ENDIF.
    IF authority->may_read( object ) = abap_false.
      leave_out( object = object
                 code   = `NOT_AUTHORIZED`
                 reason = `no authority to display it (S_DEVELOP)`
                 sink   = sink ).
      RETURN.
    ENDIF.
    work( object = object
          sink   = sink ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~total.
    total = lines( objects ).
  ENDMETHOD.
ENDCLASS.
