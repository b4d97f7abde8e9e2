"! <p class="shorttext synchronized" lang="en">Modes of transport</p>
"! The constants are the fixed values of domain ZLH_MODE.
CLASS zlh_cl_transport_mode DEFINITION
  PUBLIC
  ABSTRACT
  FINAL.

  PUBLIC SECTION.
    CONSTANTS road TYPE zlh_mode VALUE 'ROAD'.
    CONSTANTS rail TYPE zlh_mode VALUE 'RAIL'.
    CONSTANTS sea  TYPE zlh_mode VALUE 'SEA'.
    CONSTANTS air  TYPE zlh_mode VALUE 'AIR'.

    "! Name of the mode in the logon language, or the mode itself if it has no name
    CLASS-METHODS get_text
      IMPORTING
        mode          TYPE zlh_mode
      RETURNING
        VALUE(result) TYPE string.

  PROTECTED SECTION.
  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cl_transport_mode IMPLEMENTATION.


  METHOD get_text.
    DATA(descriptor) = CAST cl_abap_elemdescr( cl_abap_typedescr=>describe_by_data( mode ) ).
    DATA(fixed_values) = descriptor->get_ddic_fixed_values( ).

    result = VALUE #( fixed_values[ low = mode ]-ddtext DEFAULT mode ).
  ENDMETHOD.
ENDCLASS.
