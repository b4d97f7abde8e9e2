"! <p class="shorttext synchronized">longhaul: syntax check of programs, classes and interfaces</p>
"! The first error of each object, by the statement SYNTAX-CHECK: no ATC run, which would need its own
"! configuration and jobs. Other types are not checked.
CLASS zcl_longhaul_syntax DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_checker.

  PRIVATE SECTION.
    CONSTANTS name_length TYPE i VALUE 30.

    "! The program that holds an object, empty where there is none
    METHODS program_of
      IMPORTING object         TYPE zif_longhaul_catalog=>object
      RETURNING VALUE(program) TYPE trdir-name.
    METHODS not_checked
      IMPORTING why              TYPE string
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
    METHODS failed
      IMPORTING why              TYPE string
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
    METHODS finding
      IMPORTING
        object         TYPE zif_longhaul_catalog=>object
        program        TYPE trdir-name
        include        TYPE string
        line           TYPE i
        message        TYPE string
      RETURNING
        VALUE(finding) TYPE zif_longhaul_checker=>finding.
    METHODS pool
      IMPORTING
        object         TYPE zif_longhaul_catalog=>object
        suffix         TYPE string
      RETURNING
        VALUE(program) TYPE trdir-name.
ENDCLASS.



CLASS zcl_longhaul_syntax IMPLEMENTATION.


  METHOD failed.
    exception = NEW #( code    = zif_longhaul=>code-atc_error
                       message = why ).
  ENDMETHOD.


  METHOD finding.
    finding = VALUE #( priority = 1
                       check    = `syntax`
                       message  = message ).
    IF object-type = 'PROG' AND ( include IS INITIAL OR include = program ).
      " The only source of which abapGit's file has the same lines.
      finding-line = line.
      finding-file = |{ replace( val  = to_lower( object-name )
                                 sub  = `/`
                                 with = `#`
                                 occ  = 0 ) }.prog.abap|.
    ELSE.
      finding-message = |{ include } line { line }: { message }|.
    ENDIF.
  ENDMETHOD.


  METHOD not_checked.
    exception = NEW #( code    = zif_longhaul=>code-not_available
                       message = why ).
  ENDMETHOD.


  METHOD pool.
    " The name is filled up with equals signs to 30 characters.
    DATA(name) = CONV string( object-name ).
    program = |{ name }{ repeat( val = `=`
                                 occ = name_length - strlen( name ) ) }{ suffix }|.
  ENDMETHOD.


  METHOD program_of.
    CASE object-type.
      WHEN 'PROG'.
        program = object-name.
      WHEN 'CLAS'.
        program = pool( object = object
                        suffix = `CP` ).
      WHEN 'INTF'.
        program = pool( object = object
                        suffix = `IP` ).
    ENDCASE.
  ENDMETHOD.


  METHOD zif_longhaul_checker~check.
    DATA source TYPE string_table.
    DATA entry TYPE trdir.
    DATA message TYPE string.
    DATA line TYPE i.
    DATA word TYPE string.
    DATA include TYPE string.
    DATA(program) = program_of( object ).
    IF program IS INITIAL.
      RAISE EXCEPTION not_checked( |nothing checks objects of the type { object-type }| ).
    ENDIF.
    SELECT SINGLE * FROM trdir WHERE name = @program INTO @entry.
    IF sy-subrc <> 0.
      RAISE EXCEPTION failed( |program { program } does not exist| ).
    ENDIF.
    IF entry-subc = 'I'.
      RAISE EXCEPTION not_checked( `an include says nothing without its program` ).
    ENDIF.
    READ REPORT program INTO source.
    IF sy-subrc <> 0.
      RAISE EXCEPTION failed( |program { program } has no source| ).
    ENDIF.
    SYNTAX-CHECK FOR source
      MESSAGE message
      LINE line
      WORD word
      INCLUDE include
      DIRECTORY ENTRY entry.
    CASE sy-subrc.
      WHEN 0.
        RETURN.
      WHEN 4.
        APPEND finding( object  = object
                        program = program
                        include = include
                        line    = line
                        message = message ) TO findings.
      WHEN OTHERS.
        RAISE EXCEPTION failed( `the syntax check came to no end` ).
    ENDCASE.
  ENDMETHOD.
ENDCLASS.
