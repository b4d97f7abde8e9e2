CLASS zcl_abapgit_i18n_params DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    DATA main_language TYPE sy-langu READ-ONLY.
    METHODS constructor
      IMPORTING iv_main_language TYPE sy-langu OPTIONAL.
ENDCLASS.

CLASS zcl_abapgit_i18n_params IMPLEMENTATION.
  METHOD constructor.
    main_language = iv_main_language.
  ENDMETHOD.
ENDCLASS.
