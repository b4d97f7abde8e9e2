"! <p class="shorttext synchronized">longhaul: what the server does, by domain and action</p>
"! The place to add an operation: a line here, and a class that implements zif_longhaul_query for what is
"! answered at once, or zif_longhaul_operation for what takes its time.
CLASS zcl_longhaul_registry DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    "! What is not given is the system's own
    METHODS constructor
      IMPORTING
        catalog    TYPE REF TO zif_longhaul_catalog OPTIONAL
        authority  TYPE REF TO zif_longhaul_authority OPTIONAL
        serializer TYPE REF TO zif_longhaul_serializer OPTIONAL
        checker    TYPE REF TO zif_longhaul_checker OPTIONAL
        clock      TYPE REF TO zif_longhaul_clock OPTIONAL.

    "! Those that the welcome lists
    METHODS domains
      RETURNING VALUE(domains) TYPE string_table.

    "! Not bound where it is none that is answered at once
    METHODS query
      IMPORTING
        domain       TYPE string
        action       TYPE string
      RETURNING
        VALUE(query) TYPE REF TO zif_longhaul_query.

    "! A new one; raises UNKNOWN_DOMAIN or UNKNOWN_ACTION
    METHODS operation
      IMPORTING
        domain           TYPE string
        action           TYPE string
      RETURNING
        VALUE(operation) TYPE REF TO zif_longhaul_operation
      RAISING
        zcx_longhaul.

  PRIVATE SECTION.
    CONSTANTS shown_length TYPE i VALUE 100.

    DATA catalog TYPE REF TO zif_longhaul_catalog.
    DATA authority TYPE REF TO zif_longhaul_authority.
    DATA serializer TYPE REF TO zif_longhaul_serializer.
    DATA checker TYPE REF TO zif_longhaul_checker.
    DATA clock TYPE REF TO zif_longhaul_clock.

    METHODS shown
      IMPORTING text         TYPE string
      RETURNING VALUE(shown) TYPE string.
ENDCLASS.



CLASS zcl_longhaul_registry IMPLEMENTATION.


  METHOD constructor.
    me->catalog = COND #( WHEN catalog IS BOUND THEN catalog ELSE NEW zcl_longhaul_catalog( ) ).
    me->authority = COND #( WHEN authority IS BOUND THEN authority ELSE NEW zcl_longhaul_authority( ) ).
    me->serializer = COND #( WHEN serializer IS BOUND THEN serializer ELSE NEW zcl_longhaul_abapgit( ) ).
    me->checker = COND #( WHEN checker IS BOUND THEN checker ELSE NEW zcl_longhaul_syntax( ) ).
    me->clock = COND #( WHEN clock IS BOUND THEN clock ELSE NEW zcl_longhaul_clock( ) ).
  ENDMETHOD.


  METHOD domains.
    domains = VALUE #( ( `git` ) ( `atc` ) ( `system` ) ).
  ENDMETHOD.


  METHOD operation.
    CASE |{ domain }.{ action }|.
      WHEN `git.export`.
        operation = NEW zcl_longhaul_op_export( catalog    = catalog
                                                authority  = authority
                                                serializer = serializer ).
      WHEN `atc.run`.
        operation = NEW zcl_longhaul_op_check( catalog   = catalog
                                               authority = authority
                                               checker   = checker ).
      WHEN OTHERS.
        DATA(known) = domains( ).
        IF NOT line_exists( known[ table_line = domain ] ).
          RAISE EXCEPTION TYPE zcx_longhaul
            EXPORTING
              code    = zif_longhaul=>code-unknown_domain
              message = |no domain { shown( domain ) }|.
        ENDIF.
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code    = zif_longhaul=>code-unknown_action
            message = |no action { shown( action ) } in { shown( domain ) }|.
    ENDCASE.
  ENDMETHOD.


  METHOD query.
    CASE |{ domain }.{ action }|.
      WHEN `system.ping`.
        query = NEW zcl_longhaul_op_ping( clock ).
      WHEN `git.getTypes`.
        query = NEW zcl_longhaul_op_types( serializer ).
      WHEN `git.list`.
        query = NEW zcl_longhaul_op_list( catalog ).
    ENDCASE.
  ENDMETHOD.


  METHOD shown.
    shown = substring( val = text
                       len = nmin( val1 = strlen( text )
                                   val2 = shown_length ) ).
  ENDMETHOD.
ENDCLASS.
