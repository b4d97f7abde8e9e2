*&---------------------------------------------------------------------*
*& Report ZLH_DEMO_FILL
*&---------------------------------------------------------------------*
*& Creates or deletes the tariffs and shipments of the demo
*&---------------------------------------------------------------------*
REPORT zlh_demo_fill.

PARAMETERS p_create RADIOBUTTON GROUP task DEFAULT 'X'.
PARAMETERS p_delete RADIOBUTTON GROUP task.

CLASS lcl_report DEFINITION FINAL.

  PUBLIC SECTION.
    METHODS constructor.

    METHODS create_data.

    METHODS delete_data.

  PRIVATE SECTION.
    DATA demo_data TYPE REF TO zlh_cl_demo_data.
ENDCLASS.


CLASS lcl_report IMPLEMENTATION.

  METHOD constructor.
    demo_data = NEW #( NEW zlh_cl_shipment_repository_db( ) ).
  ENDMETHOD.


  METHOD create_data.
    TRY.
        DATA(counts) = demo_data->create( ).
        COMMIT WORK.
        MESSAGE s012(zlh) WITH counts-tariffs counts-shipments.
      CATCH zlh_cx_freight INTO DATA(error).
        MESSAGE error TYPE 'S' DISPLAY LIKE 'E'.
    ENDTRY.
  ENDMETHOD.


  METHOD delete_data.
    demo_data->delete( ).
    COMMIT WORK.
    MESSAGE s013(zlh).
  ENDMETHOD.

ENDCLASS.

START-OF-SELECTION.
  DATA(report) = NEW lcl_report( ).

  IF p_create = abap_true.
    report->create_data( ).
  ELSE.
    report->delete_data( ).
  ENDIF.
