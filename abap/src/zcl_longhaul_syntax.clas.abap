"! <p class="shorttext synchronized">longhaul: syntax check of programs, classes and interfaces</p>
"! The first error of each object, by the statement SYNTAX-CHECK: no ATC run, which would need its own
"! configuration and jobs. Other types have no findings.
CLASS zcl_longhaul_syntax DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_checker.

  PRIVATE SECTION.
    CONSTANTS name_length TYPE i VALUE 30.

    "! The program that holds an object, empty where there is none
    METHODS program_of
      IMPORTING object         TYPE zif_longhaul_catalog=>object
      RETURNING VALUE(program) TYPE trdir-name.
    METHODS pool
      IMPORTING
        object         TYPE zif_longhaul_catalog=>object
        suffix         TYPE string
      RETURNING
        VALUE(program) TYPE trdir-name.
ENDCLASS.



CLASS zcl_longhaul_syntax IMPLEMENTATION.


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
      RETURN.
    ENDIF.
    SELECT SINGLE * FROM trdir WHERE name = @program INTO @entry.
    IF sy-subrc <> 0.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-atc_error
          message = |program { program } does not exist|.
    ENDIF.
    IF entry-subc = 'I'.
      " An include says nothing without its program.
      RETURN.
    ENDIF.
    READ REPORT program INTO source.
    IF sy-subrc <> 0.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-atc_error
          message = |program { program } has no source|.
    ENDIF.
    SYNTAX-CHECK FOR source
      MESSAGE message
      LINE line
      WORD word
      INCLUDE include
      DIRECTORY ENTRY entry.
    IF sy-subrc = 0.
      RETURN.
    ENDIF.
    APPEND VALUE #( priority = 1
                    line     = line
                    check    = `syntax`
                    message  = |{ include }: { message }| ) TO findings.
  ENDMETHOD.
ENDCLASS.
