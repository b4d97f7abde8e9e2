REPORT zlonghaul_cleanup.
" Frees kept operations whose time is over. To be scheduled every hour or so; the server does the same
" whenever a heavy request comes in, so this is for the time when none does.

START-OF-SELECTION.
  TRY.
      DATA(now) = CAST zif_longhaul_clock( NEW zcl_longhaul_clock( ) )->now( ).
      CAST zif_longhaul_store( NEW zcl_longhaul_store( ) )->expire(
        now    = now
        forget = now - zcl_longhaul_config=>current( )-remembered_ms ).
    CATCH zcx_longhaul INTO DATA(error).
      MESSAGE error TYPE 'E'.
  ENDTRY.
