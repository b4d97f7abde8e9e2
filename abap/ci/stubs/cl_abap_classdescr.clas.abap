CLASS cl_abap_classdescr DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES ty_name TYPE c LENGTH 200.
    CLASS-METHODS get_class_name
      IMPORTING p_object      TYPE REF TO object
      RETURNING VALUE(p_name) TYPE ty_name.
ENDCLASS.

CLASS cl_abap_classdescr IMPLEMENTATION.
  METHOD get_class_name.
    DATA named TYPE string.
    WRITE '@KERNEL named.set(p_object.get().constructor.INTERNAL_NAME.split("-").pop());'.
    p_name = |\\CLASS={ named }|.
  ENDMETHOD.
ENDCLASS.
